// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/tangent_basis.h>

#include <algorithm>
#include <numeric>

#include "refine/random_choice.h"

namespace lsr
{
  namespace
  {
    using HostPoints =
      Kokkos::View<double **, Kokkos::LayoutLeft, Kokkos::HostSpace>;

    /// The places of points that differ from each other.
    std::vector<std::size_t>
    distinct_points(const HostPoints &points)
    {
      const std::size_t dim  = points.extent(0);
      const auto        less = [&](const std::size_t i, const std::size_t j) {
        for (std::size_t d = 0; d < dim; ++d)
          if (points(d, i) != points(d, j))
            return points(d, i) < points(d, j);
        return false;
      };
      std::vector<std::size_t> places(points.extent(1));
      std::iota(places.begin(), places.end(), 0);
      std::stable_sort(places.begin(), places.end(), less);
      places.erase(std::unique(places.begin(),
                               places.end(),
                               [&](const std::size_t i, const std::size_t j) {
                                 return !less(i, j);
                               }),
                   places.end());
      return places;
    }
  } // namespace



  std::unique_ptr<TangentBasis>
  landmark_basis(const Network      &network,
                 const Block        &points,
                 const std::size_t   n_directions,
                 const std::uint64_t seed)
  {
    const HostPoints host("points", points.extent(0), points.extent(1));
    Kokkos::deep_copy(host, points);
    const std::vector<std::size_t> places = distinct_points(host);
    const std::size_t              k      = network.n_outputs();
    require(0 < n_directions && n_directions <= places.size() * k &&
              n_directions <= network.n_parameters(),
            "a landmark basis of " + std::to_string(n_directions) +
              " directions from " + std::to_string(places.size()) +
              " distinct points with " + std::to_string(k) +
              " outputs each, for a network of " +
              std::to_string(network.n_parameters()) +
              " parameters: expected at least one, and no more than pairs of "
              "point and output, or than parameters");

    const HostPoints landmarks("landmarks", points.extent(0), n_directions);
    std::vector<unsigned int> outputs;
    for (const std::size_t pair :
         random_choice(places.size() * k, n_directions, seed))
      {
        for (std::size_t d = 0; d < points.extent(0); ++d)
          landmarks(d, outputs.size()) = host(d, places[pair / k]);
        outputs.push_back(pair % k);
      }
    const Block chosen = make_block(points.extent(0), n_directions);
    Kokkos::deep_copy(chosen, landmarks);

    if (network.has_rank_one_rows())
      return std::make_unique<RankOneBasis>(
        network, network.rank_one_rows(chosen, outputs), "landmark");
    const Block V = make_block(network.n_parameters(), n_directions);
    network.transposed_jacobian_rows(chosen, outputs, V);
    return std::make_unique<ExplicitBasis>(network, V, "landmark", false);
  }
} // namespace lsr
