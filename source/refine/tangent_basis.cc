// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/tangent_basis.h>

#include "network/jacobian.h"
#include "refine/gaussian.h"
#include "refine/point_sample.h"
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
      return NetworkJacobian::random_directions(network, n_directions, seed);
    }
  } // namespace



  TangentBasis::TangentBasis(const Network &network, const Timer &timer)
    : basis_network(network)
    , basis_timer(timer)
  {}



  const Network &
  TangentBasis::network() const
  {
    return basis_network;
  }



  const Timer &
  TangentBasis::timer() const
  {
    return basis_timer;
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
    return NetworkJacobian::expand(network(), directions, y);
  }



  Column
  RankOneBasis::contract(const Column &gradient) const
  {
    return NetworkJacobian::contract(network(), directions, gradient);
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
                               const bool         sorted,
                               const Timer       &timer)
    : TangentBasis(network, timer)
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
    network().jacobian_times(points, V, JV);
  }



  Column
  ExplicitBasis::expand(const Column &y) const
  {
    const Column correction = make_column(network().n_parameters());
    multiply(1., 'N', V, y, 0., correction);
    return correction;
  }



  Column
  ExplicitBasis::contract(const Column &gradient) const
  {
    const Column result = make_column(n_directions());
    multiply(1., 'T', V, gradient, 0., result);
    return result;
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
    NetworkJacobian(network(), points).columns(places, JV);
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



  Column
  ParameterBasis::contract(const Column &gradient) const
  {
    const HostColumn all = to_host(gradient), some("some", places.size());
    for (std::size_t k = 0; k < places.size(); ++k)
      some(k) = all(places[k]);
    return to_memory_space(some);
  }



  const std::vector<std::size_t> &
  ParameterBasis::parameters() const
  {
    return places;
  }



  namespace
  {
    std::unique_ptr<TangentBasis>
    nystrom_basis(const Network                &network,
                  const TangentBasisParameters &parameters,
                  const Block                  &sample)
    {
      const std::size_t r = parameters.n_directions, k = network.n_outputs();
      const std::size_t n_points = sample.extent(1);
      require(0 < r && r <= n_points * k && r <= network.n_parameters(),
              "a nystrom basis of " + std::to_string(r) + " directions from " +
                std::to_string(n_points) + " distinct points with " +
                std::to_string(k) + " outputs each, for a network of " +
                std::to_string(network.n_parameters()) +
                " parameters: expected at least one, and no more than pairs of "
                "point and output, or than parameters");

      const Block               points = make_block(sample.extent(0), r);
      std::vector<unsigned int> outputs;
      for (const std::size_t pair :
           random_choice(n_points * k, r, parameters.seed))
        {
          const std::size_t i = outputs.size(), point = pair / k;
          Kokkos::deep_copy(columns(points, i, i + 1),
                            columns(sample, point, point + 1));
          outputs.push_back(pair % k);
        }

      const NetworkJacobian jacobian(network, points);
      if (jacobian.has_rank_one_rows())
        return std::make_unique<RankOneBasis>(network,
                                              jacobian.rank_one_rows(outputs),
                                              "nystrom");
      const Block V = make_block(network.n_parameters(), r);
      jacobian.transposed_rows(outputs, V);
      return std::make_unique<ExplicitBasis>(network, V, "nystrom", false);
    }



    std::unique_ptr<TangentBasis>
    range_basis(const Network                &network,
                const TangentBasisParameters &parameters,
                const Block                  &sample)
    {
      check_number_of_directions(network, parameters.n_directions, "range");
      const Block Omega = make_block(sample.extent(1) * network.n_outputs(),
                                     parameters.n_directions);
      fill_gaussian(Omega, parameters.seed);
      const Block V =
        make_block(network.n_parameters(), parameters.n_directions);
      network.transposed_jacobian_times(sample, Omega, V);
      return std::make_unique<ExplicitBasis>(network, V, "range", false);
    }
  } // namespace



  std::unique_ptr<TangentBasis>
  make_tangent_basis(const Network                &network,
                     const TangentBasisParameters &parameters,
                     const Block                  &points,
                     const Communicator           &communicator)
  {
    // So many rows more than directions leave none of them to chance.
    constexpr std::size_t n_more_rows = 1000;
    const auto            sample      = [&](const std::size_t n_points) {
      return point_sample(points, n_points, communicator, parameters.seed);
    };
    const auto sample_of_rows = [&](const std::size_t n_rows) {
      return sample(n_rows / network.n_outputs() + 1);
    };

    if (parameters.type == "rsvd")
      return randomized_svd(network,
                            {parameters.n_sample_points ?
                               sample(*parameters.n_sample_points) :
                               sample_of_rows(parameters.n_directions +
                                              n_more_rows),
                             {}},
                            Communicator(),
                            parameters);

    Timer                         timer;
    std::unique_ptr<TangentBasis> basis;
    {
      const Timer::Stage stage(timer, "sketch");
      if (parameters.type == "structured")
        basis = std::make_unique<StructuredBasis>(network,
                                                  parameters.n_directions,
                                                  parameters.seed);
      else if (parameters.type == "nystrom")
        basis = nystrom_basis(network,
                              parameters,
                              sample(parameters.n_directions + n_more_rows));
      else if (parameters.type == "range")
        basis =
          range_basis(network,
                      parameters,
                      sample_of_rows(parameters.n_directions + n_more_rows));
      else if (parameters.type == "parameters")
        basis = std::make_unique<ParameterBasis>(network,
                                                 parameters.n_directions,
                                                 parameters.seed);
      else
        throw Error("unknown tangent basis '" + parameters.type +
                    "', expected " + TangentBasisParameters::types);
    }
    basis->basis_timer.add(timer);
    return basis;
  }
} // namespace lsr
