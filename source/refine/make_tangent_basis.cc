// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/refine/make_tangent_basis.h>

#include <algorithm>

#include "refine/random_choice.h"

namespace lsr
{
  namespace
  {
    /// Some columns of a block of points.
    Block
    subset(const Block        &points,
           const std::size_t   n_points,
           const std::uint64_t seed)
    {
      if (n_points >= points.extent(1))
        return points;
      const Block chosen = make_block(points.extent(0), n_points);
      const auto  places = random_choice(points.extent(1), n_points, seed);
      for (std::size_t i = 0; i < n_points; ++i)
        Kokkos::deep_copy(columns(chosen, i, i + 1),
                          columns(points, places[i], places[i] + 1));
      return chosen;
    }



    std::unique_ptr<TangentBasis>
    rsvd_basis(const Network                 &network,
               const TangentBasisParameters  &parameters,
               const Block                   &sample,
               std::map<std::string, double> *seconds)
    {
      constexpr std::size_t n_more_rows = 1000;
      const std::size_t     n_points =
        parameters.n_sample_points > 0 ?
              parameters.n_sample_points :
              (parameters.n_directions + n_more_rows) / network.n_outputs() + 1;
      return randomized_svd(network,
                            {subset(sample, n_points, parameters.seed), {}},
                            Communicator(),
                            parameters.randomized_svd(),
                            nullptr,
                            seconds);
    }
  } // namespace



  RandomizedSVD
  TangentBasisParameters::randomized_svd() const
  {
    RandomizedSVD svd;
    svd.rank                             = n_directions;
    svd.oversampling                     = oversampling;
    svd.scale_by_inverse_singular_values = scale_by_inverse_singular_values;
    svd.precision                        = precision;
    svd.seed                             = seed;
    return svd;
  }



  std::unique_ptr<TangentBasis>
  make_tangent_basis(const Network                 &network,
                     const TangentBasisParameters  &parameters,
                     const Block                   &sample,
                     std::map<std::string, double> *seconds)
  {
    if (parameters.type == "rsvd")
      return rsvd_basis(network, parameters, sample, seconds);

    double          ignored = 0;
    const Stopwatch stopwatch(seconds != nullptr ? (*seconds)["sketch"] :
                                                   ignored);
    if (parameters.type == "structured")
      return std::make_unique<StructuredBasis>(network,
                                               parameters.n_directions,
                                               parameters.seed);
    if (parameters.type == "landmark")
      return landmark_basis(network,
                            sample,
                            parameters.n_directions,
                            parameters.seed);
    if (parameters.type == "parameters")
      return std::make_unique<ParameterBasis>(network,
                                              parameters.n_directions,
                                              parameters.seed);
    throw Error("unknown tangent basis '" + parameters.type + "', expected " +
                TangentBasisParameters::types);
  }
} // namespace lsr
