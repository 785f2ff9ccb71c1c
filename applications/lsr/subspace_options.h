// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_subspace_options_h
#define lsr_applications_subspace_options_h

#include <lsr/base/exceptions.h>
#include <lsr/refine/tangent_basis.h>

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

// Options that programs without a parameter file share.

namespace lsr
{
  /// A number, or nothing for "auto".
  template <typename Number>
  std::optional<Number>
  number_or_auto(const std::string &text, const std::string &option)
  {
    if (text == "auto")
      return std::nullopt;
    double     value     = -1;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    require(is_number && std::isfinite(value) && value >= 0 &&
              value == double(Number(value)),
            option + " " + text + ": auto or a " +
              (std::is_integral<Number>::value ? "whole " : "") +
              "number that is not negative expected");
    return Number(value);
  }



  /// The options that change a TangentBasisParameters.
  class SubspaceOptions
  {
  public:
    /// Add them to @p app; @p defaults, if they are known yet, are shown in its
    /// help.
    void
    add_to(CLI::App &app, const TangentBasisParameters *defaults = nullptr)
    {
      const auto add = [&](const char *name,
                           auto       &option,
                           const char *text,
                           const auto &shown) {
        CLI::Option *const added = app.add_option(name, option, text);
        if (defaults != nullptr)
          added->default_str(CLI::detail::to_string(shown));
        return added;
      };
      const TangentBasisParameters basis =
        defaults == nullptr ? TangentBasisParameters() : *defaults;
      add("--subspace",
          type,
          "structured, rsvd, nystrom, range or parameters",
          basis.type);
      add("--directions",
          n_directions,
          "Directions of the subspace",
          basis.n_directions)
        ->check(CLI::PositiveNumber);
      add("--oversampling",
          oversampling,
          "rsvd: columns of the sketch beyond the directions",
          basis.oversampling);
      add("--sample-points",
          n_sample_points,
          "rsvd: points that the subspace is built from; 0: as many as give "
          "1000 rows more than directions",
          basis.n_sample_points.value_or(0));
      add("--precision",
          precision,
          "rsvd: float64, or mixed (the subspace in float32, all else in "
          "float64)",
          basis.precision == Precision::mixed ? "mixed" : "float64");
      add("--seed", seed, "Seed of the random directions", basis.seed);
    }

    /// Replace what was given on the command line. Throws lsr::Error for what
    /// does not make sense.
    void
    apply_to(TangentBasisParameters &basis) const
    {
      basis.type         = type.value_or(basis.type);
      basis.n_directions = n_directions.value_or(basis.n_directions);
      basis.oversampling = oversampling.value_or(basis.oversampling);
      if (n_sample_points)
        basis.n_sample_points =
          *n_sample_points > 0 ? n_sample_points : std::nullopt;
      basis.seed = seed.value_or(basis.seed);
      if (!precision)
        return;
      require(*precision == "float64" || *precision == "mixed",
              "--precision " + *precision + ": float64 or mixed expected");
      basis.precision =
        *precision == "mixed" ? Precision::mixed : Precision::float64;
    }

  private:
    std::optional<std::string>   type, precision;
    std::optional<std::size_t>   n_directions, oversampling, n_sample_points;
    std::optional<std::uint64_t> seed;
  };
} // namespace lsr

#endif
