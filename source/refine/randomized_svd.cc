// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>
#include <lsr/dense/singular_basis.h>
#include <lsr/refine/tangent_basis.h>

#include <random>

namespace lsr
{
  namespace
  {
    /// A block of independent standard normal numbers.
    Block
    gaussian(const std::size_t   n_rows,
             const std::size_t   n_columns,
             const std::uint64_t seed)
    {
      const Block                      block = make_block(n_rows, n_columns);
      const auto                       host = Kokkos::create_mirror_view(block);
      std::mt19937_64                  generator(seed);
      std::normal_distribution<double> normal;
      for (std::size_t j = 0; j < n_columns; ++j)
        for (std::size_t i = 0; i < n_rows; ++i)
          host(i, j) = normal(generator);
      Kokkos::deep_copy(block, host);
      return block;
    }



    void
    transpose(const Block &from, const Block &to)
    {
      Kokkos::parallel_for(
        "lsr::transpose",
        Kokkos::RangePolicy<ExecutionSpace>(0, from.extent(1)),
        KOKKOS_LAMBDA(const std::size_t j) {
          for (std::size_t i = 0; i < from.extent(0); ++i)
            to(j, i) = from(i, j);
        });
      Kokkos::fence();
    }



    /// Divide column j by sigma(j).
    void
    divide_columns(const Block &V, const Column &sigma)
    {
      Kokkos::parallel_for(
        "lsr::divide_columns",
        Kokkos::RangePolicy<ExecutionSpace>(0, V.extent(1)),
        KOKKOS_LAMBDA(const std::size_t j) {
          for (std::size_t i = 0; i < V.extent(0); ++i)
            V(i, j) /= sigma(j);
        });
      Kokkos::fence();
    }



    /// The operator $G$ whose singular directions are wanted: $J$ or $A J$.
    class SketchedJacobian
    {
    public:
      SketchedJacobian(const Network  &network,
                       const Sampling &sampling,
                       Residual       *residual)
        : network(network)
        , sampling(sampling)
        , residual(residual)
        , n_network_rows(sampling.points.extent(1) * network.n_outputs())
      {}

      std::size_t
      n_rows() const
      {
        return residual ? residual->n_rows() :
                          sampling.n_values(network.n_outputs());
      }

      Block
      times(const Block &V) const
      {
        const Block all = make_block(n_network_rows, V.extent(1));
        ExplicitBasis(network, V, "sketch", false).apply(sampling.points, all);
        const Block JV = sampling.select(all);
        if (residual == nullptr)
          return JV;
        residual->constrain(JV);
        const Block AJV = make_block(residual->n_rows(), V.extent(1));
        residual->apply_tangent(JV, AJV);
        return AJV;
      }

      /// $B = Q^T G$, the sum over the rows of this rank.
      Block
      projection(const Block &Q) const
      {
        Block U = Q;
        if (residual != nullptr)
          {
            U = make_block(residual->n_values(), Q.extent(1));
            residual->apply_transposed_tangent(Q, U);
            residual->constrain(U);
          }
        U = sampling.scatter(U, n_network_rows);

        const Block B = make_zero_block(Q.extent(1), network.n_parameters());
        if (network.layered())
          network.for_each_jacobian_batch(
            sampling.points,
            [&](const Block      &J,
                const std::size_t first,
                const std::size_t last) {
              multiply(1., 'T', rows(U, first, last), 'N', J, 1., B);
            });
        else
          {
            const Block B_transposed =
              make_block(network.n_parameters(), Q.extent(1));
            network.transposed_jacobian_times(sampling.points, U, B_transposed);
            transpose(B_transposed, B);
          }
        return B;
      }

    private:
      const Network    &network;
      const Sampling   &sampling;
      Residual         *residual;
      const std::size_t n_network_rows;
    };
  } // namespace



  std::unique_ptr<ExplicitBasis>
  randomized_svd(const Network       &network,
                 const Sampling      &sampling,
                 const Communicator  &communicator,
                 const RandomizedSVD &parameters,
                 Residual            *residual)
  {
    const SketchedJacobian G(network, sampling, residual);
    const std::size_t      m        = network.n_parameters();
    const std::size_t      n_sketch = parameters.rank + parameters.oversampling;
    const auto             n_rows =
      static_cast<std::size_t>(communicator.sum(double(G.n_rows())));
    require(parameters.rank > 0 && parameters.rank <= n_sketch &&
              n_sketch <= std::min(n_rows, m),
            "randomized SVD of rank " + std::to_string(parameters.rank) +
              " with oversampling " + std::to_string(parameters.oversampling) +
              ": their sum must not exceed the " + std::to_string(n_rows) +
              " rows and the " + std::to_string(m) + " parameters");

    Block Q = G.times(gaussian(m, n_sketch, parameters.seed));
    // Directions below rounding carry nothing: the basis ends before them.
    orthonormalize(Q, 1e-15, Pivoting::columns, communicator);

    const Block B = G.projection(Q);
    communicator.sum(B);
    const auto [V, sigma] =
      right_singular_basis(B, std::min(parameters.rank, B.extent(0)));
    if (parameters.scale_by_inverse_singular_values)
      divide_columns(V, sigma);
    return std::make_unique<ExplicitBasis>(network, V, "rsvd", true);
  }
} // namespace lsr
