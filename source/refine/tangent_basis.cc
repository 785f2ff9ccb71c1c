// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/tangent_basis.h>

namespace lsr
{
  StructuredBasis::StructuredBasis(const Network      &network,
                                   const std::size_t   n_directions,
                                   const std::uint64_t seed)
    : network(network)
    , directions(network.random_directions(n_directions, seed))
  {
    require(0 < n_directions && n_directions <= network.n_parameters(),
            "a structured basis of " + std::to_string(n_directions) +
              " directions for a network of " +
              std::to_string(network.n_parameters()) +
              " parameters: expected at least one, and no more than "
              "parameters");
  }



  std::string
  StructuredBasis::name() const
  {
    return "structured";
  }



  std::size_t
  StructuredBasis::n_directions() const
  {
    return directions.n_directions;
  }



  bool
  StructuredBasis::sorted() const
  {
    return false;
  }



  void
  StructuredBasis::apply(const Block &points, const Block &JV) const
  {
    network.jacobian_times(points, directions, JV);
  }



  Column
  StructuredBasis::expand(const Column &y) const
  {
    return network.expand(directions, y);
  }



  ExplicitBasis::ExplicitBasis(const Network     &network,
                               const Block       &V,
                               const std::string &name,
                               const bool         sorted)
    : network(network)
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
    if (!network.layered())
      {
        network.jacobian_times(points, V, JV);
        return;
      }
    network.for_each_jacobian_batch(
      points,
      [&](const Block &J, const std::size_t first, const std::size_t last) {
        multiply(1., 'N', J, 'N', V, 0., rows(JV, first, last));
      });
  }



  Column
  ExplicitBasis::expand(const Column &y) const
  {
    const Column correction = make_column(network.n_parameters());
    multiply(1., 'N', V, y, 0., correction);
    return correction;
  }



  const Block &
  ExplicitBasis::columns() const
  {
    return V;
  }
} // namespace lsr
