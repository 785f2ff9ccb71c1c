// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_sampling_h
#define lsr_refine_sampling_h

#include <lsr/base/types.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace lsr
{
  class Network;
  class TangentBasis;
  struct CompressedRows;

  /**
   * Where a network is evaluated, and the linear map $P$ from what it returns
   * there to the values $q$ of a residual.
   *
   * A network returns all outputs at every point (see Network). A
   * finite-element space may want, in its own order, some of them: value $i$ of
   * $q$ is then row rows[i] of what the network returns. Or values are linear
   * combinations: $P$ is a matrix, see projected(), that of degrees of freedom
   * which are no values at points, or of an interpolation. With neither, $q$
   * are all outputs at all points.
   */
  struct Sampling
  {
    /// Inputs of the network $\times$ points.
    Block points;

    /// Rows of the network's values that make up $q$; empty: all.
    std::vector<std::size_t> rows = {};

    /// Where it is not null, $P$ in the place of @p rows; see projected().
    struct Projection;
    std::shared_ptr<const Projection> projection = nullptr;

    /// The sampling at @p points with the matrix $P$: values of $q$ $\times$
    /// all outputs at all points.
    static Sampling
    projected(const Block &points, const CompressedRows &P);

    /// Number of values of $q$ for a network with @p n_outputs outputs.
    std::size_t
    n_values(const unsigned int n_outputs) const;

    /**
     * The values $q = P\,q_\text{all}$ of a network, or, with a correction
     * $\Delta\theta$, the refined prediction $P\,(q_\text{all} + J
     * \Delta\theta)$. Here and below, lsr::Error is thrown if the rows or the
     * matrix do not belong to the outputs of the network.
     */
    Column
    evaluate(const Network &network, const Column &correction = {}) const;

    /// $P J V$ for the directions of a basis.
    Block
    jacobian_times(const TangentBasis &basis) const;

    /// $J^T P^T U$, the part of this rank's values.
    Block
    transposed_jacobian_times(const Network &network, const Block &U) const;

    /// $P X$ for values @p X of the network: @p X itself or new columns.
    Block
    apply(const Block &X) const;

    /// $P^T U$, which has @p n_network_rows rows: @p U itself or new columns.
    Block
    apply_transposed(const Block &U, const std::size_t n_network_rows) const;
  };
} // namespace lsr

#endif
