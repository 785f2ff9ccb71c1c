// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Products with the Jacobian: which way is the fastest.

#include <lsr/dense/blas.h>

#include "dense/single_precision.h"
#include "network/implementation.h"
#include "network/jacobian.h"

namespace lsr
{
  namespace
  {
    /// Rows of the Jacobian cost as much as some forward-mode derivatives, and
    /// their products with further directions next to nothing.
    constexpr std::size_t n_derivatives_for_rows = 8;

    template <typename Matrix>
    Matrix
    some_rows(const Matrix     &matrix,
              const std::size_t first,
              const std::size_t last)
    {
      return Kokkos::subview(matrix,
                             Kokkos::make_pair(first, last),
                             Kokkos::ALL());
    }



    /// $B = U^T J$ from the rows of J.
    template <typename Matrix>
    void
    add_up_rows(const NetworkJacobian &jacobian,
                const Matrix          &U,
                const Matrix          &B)
    {
      Kokkos::deep_copy(B, 0);
      jacobian.visit_rows<Matrix>(
        [&](const Matrix &J, const std::size_t first, const std::size_t last) {
          multiply(1, 'T', some_rows(U, first, last), 'N', J, 1, B);
        });
    }
  } // namespace



  void
  NetworkJacobian::times(const Block &V, const Block &JV) const
  {
    if (separated_times(V, JV, /* only_if_fast = */ true))
      return;
    if (network.layered && V.extent(1) >= n_derivatives_for_rows)
      visit_rows<Block>(
        [&](const Block &J, const std::size_t first, const std::size_t last) {
          multiply(1., 'N', J, 'N', V, 0., some_rows(JV, first, last));
        });
    else
      forward_mode_times(V, JV);
  }



  void
  NetworkJacobian::times(const FloatBlock &V, const Block &JV) const
  {
    visit_rows<FloatBlock>([&](const FloatBlock &J,
                               const std::size_t first,
                               const std::size_t last) {
      const FloatBlock product = make_float_block(last - first, V.extent(1));
      multiply(1, 'N', J, 'N', V, 0, product);
      Kokkos::deep_copy(some_rows(JV, first, last), product);
    });
  }



  void
  NetworkJacobian::left_times(const Block &U, const Block &B) const
  {
    if (network.layered)
      {
        add_up_rows(*this, U, B);
        return;
      }
    const SharedStream stream;
    const Block B_transposed = make_block(network.n_parameters, U.extent(1));
    transposed_times(U, B_transposed);
    as_tensor(B).copy_(as_tensor(B_transposed).t());
  }



  void
  NetworkJacobian::left_times(const Block &U, const FloatBlock &B) const
  {
    const FloatBlock weights = make_float_block(U.extent(0), U.extent(1));
    Kokkos::deep_copy(weights, U);
    add_up_rows(*this, weights, B);
  }



  void
  Network::jacobian_times(const Block &points,
                          const Block &V,
                          const Block &JV) const
  {
    NetworkJacobian(*this, points).times(V, JV);
  }



  void
  Network::transposed_jacobian_times(const Block &points,
                                     const Block &U,
                                     const Block &JTU) const
  {
    NetworkJacobian(*this, points).transposed_times(U, JTU);
  }
} // namespace lsr
