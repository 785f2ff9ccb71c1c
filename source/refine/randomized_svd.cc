// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>
#include <lsr/refine/tangent_basis.h>

#include <algorithm>
#include <type_traits>

#include "dense/single_precision.h"
#include "dense/singular_basis.h"
#include "network/jacobian.h"
#include "refine/gaussian.h"

namespace lsr
{
  namespace
  {
    template <typename Matrix>
    Matrix
    make(const std::size_t n_rows, const std::size_t n_columns)
    {
      if constexpr (std::is_same_v<Matrix, Block>)
        return make_block(n_rows, n_columns);
      else
        return make_float_block(n_rows, n_columns);
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



    void
    sum_over_ranks(const Block &B, const Communicator &communicator)
    {
      communicator.sum(B);
    }



    /// By pieces of some columns, in double precision.
    void
    sum_over_ranks(const FloatBlock &B, const Communicator &communicator)
    {
      constexpr std::size_t n_at_a_time = 4096;
      if (communicator.size() == 1)
        return;
      for (std::size_t j = 0; j < B.extent(1); j += n_at_a_time)
        {
          const std::size_t end = std::min(j + n_at_a_time, B.extent(1));
          const FloatBlock  some =
            Kokkos::subview(B, Kokkos::ALL(), Kokkos::make_pair(j, end));
          const Block piece = make_block(B.extent(0), end - j);
          Kokkos::deep_copy(piece, some);
          communicator.sum(piece);
          Kokkos::deep_copy(some, piece);
        }
    }



    /// The operator $G$ whose singular directions are wanted: $J$ or $A J$.
    /// Directions and the rows of $J$ are in the precision of @p Matrix.
    template <typename Matrix>
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
      times(const Matrix &V) const
      {
        Block JV = make_block(n_network_rows, V.extent(1));
        NetworkJacobian(network, sampling.points).times(V, JV);
        JV = sampling.apply(JV);
        if (residual == nullptr)
          return JV;
        residual->set_zero(JV);
        const Block AJV = make_block(residual->n_rows(), V.extent(1));
        residual->apply_jacobian(JV, AJV);
        if (residual->inner_product().diagonal())
          residual->inner_product().scale(AJV);
        return AJV;
      }

      /// $B = Q^T G$, the sum over the rows of this rank.
      Matrix
      projection(const Block &Q) const
      {
        Block U = Q;
        if (residual != nullptr)
          {
            const Block rows = make_block(Q.extent(0), Q.extent(1));
            Kokkos::deep_copy(rows, Q);
            if (residual->inner_product().diagonal())
              residual->inner_product().scale(rows);
            U = make_block(residual->n_values(), Q.extent(1));
            residual->apply_transposed_jacobian(rows, U);
            residual->set_zero(U);
          }
        U = sampling.apply_transposed(U, n_network_rows);

        const Matrix B = make<Matrix>(Q.extent(1), network.n_parameters());
        NetworkJacobian(network, sampling.points).left_times(U, B);
        return B;
      }

    private:
      const Network    &network;
      const Sampling   &sampling;
      Residual         *residual;
      const std::size_t n_network_rows;
    };



    template <typename Matrix>
    SingularBasis
    leading_directions(const SketchedJacobian<Matrix> &G,
                       const std::size_t               n_parameters,
                       const Communicator             &communicator,
                       const TangentBasisParameters   &parameters,
                       Timer                          &timer)
    {
      const std::size_t r = parameters.n_directions;
      Block             Q;
      {
        const Timer::Stage stage(timer, "sketch");
        const Matrix       Omega =
          make<Matrix>(n_parameters, r + parameters.oversampling);
        fill_gaussian(Omega, parameters.seed);
        Q = G.times(Omega);
      }
      Matrix B;
      {
        const Timer::Stage stage(timer, "project");
        // Directions below rounding carry nothing: the basis ends before them.
        orthonormalize(Q, 1e-15, Pivoting::columns, communicator);
        B = G.projection(Q);
        sum_over_ranks(B, communicator);
      }
      const Timer::Stage stage(timer, "svd");
      return right_singular_basis(B, std::min(r, B.extent(0)));
    }
  } // namespace



  std::unique_ptr<ExplicitBasis>
  randomized_svd(const Network                &network,
                 const Sampling               &sampling,
                 const Communicator           &communicator,
                 const TangentBasisParameters &parameters,
                 Residual                     *residual)
  {
    const SketchedJacobian<Block> G(network, sampling, residual);
    const std::size_t             r        = parameters.n_directions;
    const std::size_t             n_sketch = r + parameters.oversampling;
    const std::size_t             m        = network.n_parameters();
    const auto                    n_rows =
      static_cast<std::size_t>(communicator.sum(double(G.n_rows())));
    require(r > 0 && r <= n_sketch && n_sketch <= std::min(n_rows, m),
            "randomized SVD of rank " + std::to_string(r) +
              " with oversampling " + std::to_string(parameters.oversampling) +
              ": their sum must not exceed the " + std::to_string(n_rows) +
              " rows and the " + std::to_string(m) + " parameters");

    const bool single =
      parameters.precision == Precision::mixed && network.layered();
    Timer timer;
    const auto [V, sigma] =
      single ? leading_directions(SketchedJacobian<FloatBlock>(network,
                                                               sampling,
                                                               residual),
                                  m,
                                  communicator,
                                  parameters,
                                  timer) :
               leading_directions(G, m, communicator, parameters, timer);
    if (parameters.scale_by_inverse_singular_values)
      divide_columns(V, sigma);
    return std::make_unique<ExplicitBasis>(network, V, "rsvd", true, timer);
  }
} // namespace lsr
