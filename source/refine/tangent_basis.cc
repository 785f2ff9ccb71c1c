// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/tangent_basis.h>

#include "refine/random_choice.h"

namespace lsr
{
  namespace
  {
    void
    check_number_of_directions(const Network     &network,
                               const std::size_t  n_directions,
                               const std::string &name)
    {
      require(0 < n_directions && n_directions <= network.n_parameters(),
              "a " + name + " basis of " + std::to_string(n_directions) +
                " directions for a network of " +
                std::to_string(network.n_parameters()) +
                " parameters: expected at least one, and no more than "
                "parameters");
    }



    /// Checked before anything is allocated.
    RankOneDirections
    random_directions(const Network      &network,
                      const std::size_t   n_directions,
                      const std::uint64_t seed)
    {
      check_number_of_directions(network, n_directions, "structured");
      return network.random_directions(n_directions, seed);
    }
  } // namespace



  TangentBasis::TangentBasis(const Network &network)
    : its_network(network)
  {}



  const Network &
  TangentBasis::network() const
  {
    return its_network;
  }



  RankOneBasis::RankOneBasis(const Network     &network,
                             RankOneDirections  directions_,
                             const std::string &name)
    : TangentBasis(network)
    , directions(std::move(directions_))
    , basis_name(name)
  {
    check_number_of_directions(network, directions.n_directions, name);
  }



  std::string
  RankOneBasis::name() const
  {
    return basis_name;
  }



  std::size_t
  RankOneBasis::n_directions() const
  {
    return directions.n_directions;
  }



  bool
  RankOneBasis::sorted() const
  {
    return false;
  }



  void
  RankOneBasis::apply(const Block &points, const Block &JV) const
  {
    network().jacobian_times(points, directions, JV);
  }



  Column
  RankOneBasis::expand(const Column &y) const
  {
    return network().expand(directions, y);
  }



  StructuredBasis::StructuredBasis(const Network      &network,
                                   const std::size_t   n_directions,
                                   const std::uint64_t seed)
    : RankOneBasis(network,
                   random_directions(network, n_directions, seed),
                   "structured")
  {}



  ExplicitBasis::ExplicitBasis(const Network     &network,
                               const Block       &V,
                               const std::string &name,
                               const bool         sorted)
    : TangentBasis(network)
    , V(V)
    , basis_name(name)
    , is_sorted(sorted)
  {
    require(V.extent(0) == network.n_parameters(),
            "a tangent basis has " + std::to_string(V.extent(0)) +
              " rows, expected one for each of the " +
              std::to_string(network.n_parameters()) + " parameters");
  }



  std::string
  ExplicitBasis::name() const
  {
    return basis_name;
  }



  std::size_t
  ExplicitBasis::n_directions() const
  {
    return V.extent(1);
  }



  bool
  ExplicitBasis::sorted() const
  {
    return is_sorted;
  }



  void
  ExplicitBasis::apply(const Block &points, const Block &JV) const
  {
    if (network().separates(points))
      network().separated_jacobian_times(points, V, JV);
    else if (network().layered())
      network().for_each_jacobian_batch(
        points,
        [&](const Block &J, const std::size_t first, const std::size_t last) {
          multiply(1., 'N', J, 'N', V, 0., rows(JV, first, last));
        });
    else
      network().jacobian_times(points, V, JV);
  }



  Column
  ExplicitBasis::expand(const Column &y) const
  {
    const Column correction = make_column(network().n_parameters());
    multiply(1., 'N', V, y, 0., correction);
    return correction;
  }



  const Block &
  ExplicitBasis::columns() const
  {
    return V;
  }



  ParameterBasis::ParameterBasis(const Network      &network,
                                 const std::size_t   n_directions,
                                 const std::uint64_t seed)
    : TangentBasis(network)
  {
    check_number_of_directions(network, n_directions, "parameters");
    places = random_choice(network.n_parameters(), n_directions, seed);
  }



  std::string
  ParameterBasis::name() const
  {
    return "parameters";
  }



  std::size_t
  ParameterBasis::n_directions() const
  {
    return places.size();
  }



  bool
  ParameterBasis::sorted() const
  {
    return false;
  }



  void
  ParameterBasis::apply(const Block &points, const Block &JV) const
  {
    network().jacobian_columns(points, places, JV);
  }



  Column
  ParameterBasis::expand(const Column &y) const
  {
    const auto coefficients =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), y);
    const Column correction = make_column(network().n_parameters());
    const auto   host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), correction);
    for (std::size_t k = 0; k < places.size(); ++k)
      host(places[k]) = coefficients(k);
    Kokkos::deep_copy(correction, host);
    return correction;
  }



  const std::vector<std::size_t> &
  ParameterBasis::parameters() const
  {
    return places;
  }
} // namespace lsr
