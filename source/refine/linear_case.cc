// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/refine/linear_case.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "base/read_file.h"
#include "base/sha256.h"
#include "refine/hdf5_file.h"

namespace lsr
{
  namespace
  {
    constexpr std::int64_t format_version = 2;

    /// Behind the HDF5 file, for which it does not exist, stands the checksum
    /// of all that is in front of this.
    const std::string checksum_mark = "\ndealii_lsr case, SHA-256 ";

    HDF5Array
    as_array(const std::vector<double> &values)
    {
      return {values.size(), 1, values};
    }



    std::vector<std::int64_t>
    as_integers(const std::vector<std::size_t> &values)
    {
      return {values.begin(), values.end()};
    }



    void
    add(const std::string    &name,
        const CompressedRows &rows,
        HDF5Content          &content)
    {
      content.integers[name + "/starts"]  = rows.starts;
      content.integers[name + "/columns"] = rows.columns;
      content.arrays[name + "/values"]    = as_array(rows.values);
    }



    void
    add(const Network::Scaling &scaling, HDF5Content &content)
    {
      content.arrays["network/input_shift"]  = as_array(scaling.input_shift);
      content.arrays["network/input_scale"]  = as_array(scaling.input_scale);
      content.arrays["network/output_shift"] = as_array(scaling.output_shift);
      content.arrays["network/output_scale"] = as_array(scaling.output_scale);
    }



    void
    add(const Linearization &linearization, HDF5Content &content)
    {
      content.texts["norm"] =
        linearization.norm == Linearization::Norm::energy ? "energy" :
                                                            "euclidean";
      content.arrays["values"]   = as_array(linearization.values);
      content.arrays["residual"] = as_array(linearization.residual);
      add("jacobian", linearization.jacobian, content);
      content.integers["constraints/constrained"] =
        as_integers(linearization.constrained);
      add("constraints", linearization.constraints, content);
      content.arrays["constraints/inhomogeneities"] =
        as_array(linearization.inhomogeneities);
    }



    void
    add(const TangentBasisParameters &basis, HDF5Content &content)
    {
      content.texts["subspace/type"] = basis.type;
      content.texts["subspace/precision"] =
        basis.precision == Precision::mixed ? "mixed" : "float64";
      const auto add_integer = [&](const char         *name,
                                   const std::uint64_t value) {
        content.integers[std::string("subspace/") + name] = {
          static_cast<std::int64_t>(value)};
      };
      add_integer("directions", basis.n_directions);
      add_integer("oversampling", basis.oversampling);
      // In files, 0 is automatic.
      add_integer("sample_points", basis.n_sample_points.value_or(0));
      add_integer("scale_by_inverse_singular_values",
                  basis.scale_by_inverse_singular_values);
      add_integer("seed", basis.seed);
    }



    HDF5Content
    contents(const LinearCase &problem)
    {
      const Block    &given = problem.sampling.points;
      const HostBlock points("points", given.extent(0), given.extent(1));
      Kokkos::deep_copy(points, to_host(given));
      HDF5Content content;
      content.integers["format_version"]  = {format_version};
      content.texts["name"]               = problem.name;
      content.bytes["network/model"]      = problem.model;
      content.integers["network/outputs"] = {problem.n_outputs};
      content.arrays["points"]            = {
                   points.extent(1),
                   points.extent(0),
                   std::vector<double>(points.data(), points.data() + points.size())};
      content.integers["rows"] = as_integers(problem.sampling.rows);
      add(problem.scaling, content);
      add(problem.linearization, content);
      add(problem.basis, content);
      content.integers["refinement/rank"] = {
        static_cast<std::int64_t>(problem.refinement.rank.value_or(0))};
      content.arrays["refinement/rank_slack"] =
        as_array({problem.refinement.rank_slack});
      content.arrays["refinement/drop_tolerance"] =
        as_array({problem.refinement.drop_tolerance});
      return content;
    }



    /// Throw if there is a checksum that is not that of the file.
    void
    check_sum(const std::string &bytes, const std::string &path)
    {
      const std::size_t mark = bytes.rfind(checksum_mark);
      if (mark == std::string::npos)
        return; // from another program
      const std::string found = sha256(bytes.substr(0, mark)) + "\n";
      require(bytes.substr(mark + checksum_mark.size()) == found,
              path + ": damaged, its checksum is another than it says");
    }



    /// Reads the parts of a LinearCase.
    class Reader
    {
    public:
      explicit Reader(const std::string &path)
        : path(path)
        , file(path)
      {}

      LinearCase
      read() const
      {
        const std::int64_t version = integer("format_version");
        require(version == format_version,
                path + ": a case of format version " + std::to_string(version) +
                  ", expected " + std::to_string(format_version));
        LinearCase problem;
        problem.name                  = file.read_text("name");
        problem.model                 = file.read_bytes("network/model");
        problem.scaling               = scaling();
        problem.n_outputs             = count("network/outputs");
        problem.sampling              = sampling();
        problem.linearization         = linearization();
        problem.basis                 = basis();
        problem.refinement.rank       = count_or_automatic("refinement/rank");
        problem.refinement.rank_slack = number("refinement/rank_slack");
        problem.refinement.drop_tolerance = number("refinement/drop_tolerance");
        return problem;
      }

    private:
      std::int64_t
      integer(const std::string &name) const
      {
        const auto values = file.read_integers(name);
        require(values.size() == 1,
                path + ": '" + name + "' has " + std::to_string(values.size()) +
                  " entries, expected 1");
        return values[0];
      }

      double
      number(const std::string &name) const
      {
        const auto values = vector(name);
        require(values.size() == 1,
                path + ": '" + name + "' has " + std::to_string(values.size()) +
                  " entries, expected 1");
        return values[0];
      }

      /// Integers that are not negative.
      std::vector<std::size_t>
      counts(const std::string &name) const
      {
        const auto values = file.read_integers(name);
        require(std::all_of(values.begin(),
                            values.end(),
                            [](const std::int64_t i) { return i >= 0; }),
                path + ": '" + name + "' has a negative entry");
        return {values.begin(), values.end()};
      }

      std::size_t
      count(const std::string &name) const
      {
        const std::int64_t value = integer(name);
        require(value >= 0, path + ": '" + name + "' has a negative entry");
        return value;
      }

      std::optional<std::size_t>
      count_or_automatic(const std::string &name) const
      {
        const std::size_t value = count(name);
        return value == 0 ? std::nullopt : std::optional(value);
      }

      std::vector<double>
      vector(const std::string &name) const
      {
        return file.read(name).values;
      }

      /// @p name is one of two words; returns whether it is the second.
      bool
      is_second(const std::string &name,
                const std::string &first,
                const std::string &second) const
      {
        const std::string text = file.read_text(name);
        require(text == first || text == second,
                path + ": '" + name + "' is '" + text + "', expected " + first +
                  " or " + second);
        return text == second;
      }

      Network::Scaling
      scaling() const
      {
        return {vector("network/input_shift"),
                vector("network/input_scale"),
                vector("network/output_shift"),
                vector("network/output_scale")};
      }

      Sampling
      sampling() const
      {
        const HDF5Array points = file.read("points");
        ensure_kokkos_initialized();
        const HostBlock host("points", points.n_columns, points.n_rows);
        std::copy(points.values.begin(), points.values.end(), host.data());
        return {to_memory_space(host), counts("rows")};
      }

      CompressedRows
      rows(const std::string &name, const std::size_t n_columns) const
      {
        CompressedRows rows;
        rows.n_columns = n_columns;
        rows.starts    = file.read_integers(name + "/starts");
        rows.columns   = file.read_integers(name + "/columns");
        rows.values    = vector(name + "/values");
        return rows;
      }

      Linearization
      linearization() const
      {
        Linearization result;
        result.norm            = is_second("norm", "euclidean", "energy") ?
                                   Linearization::Norm::energy :
                                   Linearization::Norm::euclidean;
        result.values          = vector("values");
        result.residual        = vector("residual");
        result.jacobian        = rows("jacobian", result.values.size());
        result.constrained     = counts("constraints/constrained");
        result.constraints     = rows("constraints", result.values.size());
        result.inhomogeneities = vector("constraints/inhomogeneities");
        return result;
      }

      TangentBasisParameters
      basis() const
      {
        TangentBasisParameters basis;
        basis.type            = file.read_text("subspace/type");
        basis.n_directions    = count("subspace/directions");
        basis.oversampling    = count("subspace/oversampling");
        basis.n_sample_points = count_or_automatic("subspace/sample_points");
        basis.scale_by_inverse_singular_values =
          integer("subspace/scale_by_inverse_singular_values") != 0;
        basis.precision = is_second("subspace/precision", "float64", "mixed") ?
                            Precision::mixed :
                            Precision::float64;
        basis.seed      = static_cast<std::uint64_t>(integer("subspace/seed"));
        return basis;
      }

      const std::string path;
      const HDF5File    file;
    };
  } // namespace



  Network
  LinearCase::load_network() const
  {
    return Network::load_bytes(model,
                               "the network of the case " + name,
                               sampling.points.extent(0),
                               n_outputs,
                               {scaling, {}, ""});
  }



  void
  LinearCase::check(const std::string &path) const
  {
    const std::size_t n_rows = sampling.points.extent(1) * n_outputs;
    require(sampling.points.size() > 0 && n_outputs > 0,
            path + ": points and outputs of the network expected, found " +
              std::to_string(sampling.points.extent(1)) + " and " +
              std::to_string(n_outputs));
    require(!sampling.projection,
            path + ": values of the network expected, found projections");
    const auto outside =
      std::find_if(sampling.rows.begin(),
                   sampling.rows.end(),
                   [&](const std::size_t row) { return row >= n_rows; });
    if (outside != sampling.rows.end())
      throw Error(path + ", rows: numbers below " + std::to_string(n_rows) +
                  " (points times outputs) expected, found " +
                  std::to_string(*outside));
    require(sampling.n_values(n_outputs) == linearization.values.size(),
            path + ", values: " + std::to_string(sampling.n_values(n_outputs)) +
              " expected, as many as the network gives, found " +
              std::to_string(linearization.values.size()));
    linearization.check(path);
  }



  void
  LinearCase::save(const std::string &path) const
  {
    check(path);
    const std::string image = hdf5_image(contents(*this));
    write_atomically(path, [&](std::ostream &out) {
      out << image << checksum_mark << sha256(image) << '\n';
    });
  }



  LinearCase
  LinearCase::load(const std::string &path)
  {
    check_sum(read_file(path,
                        "a case (.h5) as lsr refine --export-case writes it"),
              path);
    LinearCase problem = Reader(path).read();
    problem.check(path);
    return problem;
  }
} // namespace lsr
