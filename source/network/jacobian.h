// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_jacobian_h
#define lsr_network_jacobian_h

#include <lsr/network/network.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace lsr
{
  /**
   * The Jacobian $J$ of a network at some points, for the library itself:
   * its rows and columns, products in single precision, and by name the
   * products among which Network::jacobian_times() chooses.
   */
  class NetworkJacobian
  {
  public:
    NetworkJacobian(const Network &network, const Block &points);

    /// $J V$ for explicit directions by whatever is fastest.
    void
    times(const Block &V, const Block &JV) const;

    /// The same in single precision; needs Network::layered().
    void
    times(const FloatBlock &V, const Block &JV) const;

    /// $J^T U$ by reverse-mode automatic differentiation.
    void
    transposed_times(const Block &U, const Block &JTU) const;

    /// $B = U^T J$ ($r \times m$) for many $U$, by whatever is fastest.
    void
    left_times(const Block &U, const Block &B) const;

    /// The same in single precision; needs Network::layered().
    void
    left_times(const Block &U, const FloatBlock &B) const;

    /**
     * The columns of $J$ that belong to some parameters, given by their places
     * in the parameter vector. Through the layer factors if there are any,
     * which costs little more than the result itself; otherwise one
     * forward-mode derivative for each.
     */
    void
    columns(const std::vector<std::size_t> &parameters,
            const Block                    &columns) const;

    /**
     * Whether every row is a RankOneDirections: a weight matrix belongs to one
     * layer only and meets one vector for each point, as in fully connected
     * networks, but not in convolutions.
     */
    bool
    has_rank_one_rows() const;

    /**
     * Rows as directions: direction $i$ is the derivative of output outputs[i]
     * at point $i$ with respect to the parameters, with $u_l^i =
     * \delta_l(x_i)$ and $v_l^i = a_l(x_i)$. Needs has_rank_one_rows().
     */
    RankOneDirections
    rank_one_rows(const std::vector<unsigned int> &outputs) const;

    /// The same rows as explicit columns, $m \times$ number of points; for
    /// every network.
    void
    transposed_rows(const std::vector<unsigned int> &outputs,
                    const Block                     &V) const;

    /// $J$ itself; needs Network::layered().
    void
    rows(const Block &J) const;

    /// Called with rows [first, last) of $J$, valid only during the call.
    template <typename BlockType>
    using Visit = std::function<void(const BlockType  &J,
                                     const std::size_t first,
                                     const std::size_t last)>;

    /// Visit $J$ in pieces of some rows; needs Network::layered(). As
    /// FloatBlock, the factors are computed in float64, and the rows are made
    /// of them in float32.
    template <typename BlockType>
    void
    visit_rows(const Visit<BlockType> &visit) const;

    /// $J V$ by forward-mode automatic differentiation, for every network.
    void
    forward_mode_times(const Block &V, const Block &JV) const;

    /**
     * $J V$ with every subnetwork differentiated only where its own inputs
     * differ: one forward-mode derivative of a subnetwork for each direction,
     * and a product of $w$ terms for each row, direction and subnetwork that
     * returns $w$ values.
     *
     * Returns whether that was done. It is not where the network does not
     * consist of such subnetworks or, with @p only_if_fast, where the points do
     * not repeat the inputs of each subnetwork often, as those of a tensor grid
     * do.
     */
    bool
    separated_times(const Block &V,
                    const Block &JV,
                    const bool   only_if_fast) const;

    /// Random directions with one rank-one block for every weight matrix and
    /// normally distributed factors; the same for the same seed on all ranks.
    static RankOneDirections
    random_directions(const Network      &network,
                      const std::size_t   n_directions,
                      const std::uint64_t seed);

    /// The correction $\Delta\theta = V y$.
    static Column
    expand(const Network &network, const RankOneDirections &V, const Column &y);

    /// $V^T g$.
    static Column
    contract(const Network           &network,
             const RankOneDirections &V,
             const Column            &g);

    /// Columns [first, last) of $V$ as explicit vectors, $m \times$ (last -
    /// first).
    static Block
    expand_columns(const Network           &network,
                   const RankOneDirections &V,
                   const std::size_t        first,
                   const std::size_t        last);

  private:
    const Network::Implementation &network;
    const Block                    points;
  };
} // namespace lsr

#endif
