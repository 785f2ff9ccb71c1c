// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_taylor_mode_h
#define lsr_studies_taylor_mode_h

#include <lsr/dense/host.h>
#include <lsr/network/fully_connected.h>

#include <vector>

#include "applications/studies/training/layer_shapes.h"

namespace lsr_studies
{
  /**
   * What FullyConnected::build_jets() computes, and the gradient of a loss of
   * it, for tanh networks and as matrix products in memory that is kept: for
   * training small networks some times faster than LibTorch operator by
   * operator. Works in host memory.
   *
   * With the number $K$ of entries in a jet, 1 (values only), $d + 1$ (and
   * first derivatives) or $d + 2$ (and the weighted sum of second ones), what
   * goes from layer to layer is one block of units x $K$ points: all values,
   * then all first derivatives with respect to $x_1$, and so on.
   */
  class TaylorMode
  {
  public:
    /**
     * For networks of this layout, which has to have tanh and no
     * standardization of the inputs. Empty weights @p a of second derivatives
     * mean values only; all zero, no second derivatives.
     */
    TaylorMode(const FullyConnected &layout, const std::vector<double> &a);

    unsigned int
    jet_size() const
    {
      return n_entries;
    }

    /// Jets at points, outputs x jet_size() points; overwritten by the next
    /// call.
    const HostBlock &
    forward(const HostColumn &theta, const HostBlock &points);

    /// The gradient with respect to the parameters of the last forward(), for
    /// the derivatives @p slopes with respect to its result.
    void
    backward(const HostColumn &theta,
             const HostBlock  &slopes,
             const HostColumn &gradient);

  private:
    /// A layer, and what it did to its input.
    struct Layer
    {
      LayerShape shape;

      /// Result of the linear layer, and of the activation if there is one.
      HostBlock z, y;
    };

    void
    resize(const std::size_t n_points);

    void
    linear(const Layer      &layer,
           const HostColumn &theta,
           const HostBlock  &x) const;

    /// Add the gradient of weights and biases, and compute that of the input
    /// unless @p dx is empty.
    void
    linear_backward(const Layer      &layer,
                    const HostColumn &theta,
                    const HostBlock  &x,
                    const HostBlock  &dz,
                    const HostColumn &gradient,
                    const HostBlock  &dx) const;

    /// y of a layer from its z.
    void
    activate(const Layer &layer) const;

    /// Overwrite slopes with respect to y by those with respect to z.
    void
    activate_backward(const Layer &layer, const HostBlock &slopes) const;

    /// Write $h = v + y\,(u - v)$.
    void
    gate(const HostBlock &y, const HostBlock &h) const;

    /// Overwrite slopes with respect to h by those with respect to y, and add
    /// those with respect to $u - v$ and v.
    void
    gate_backward(const HostBlock &y, const HostBlock &slopes) const;

    const bool                gated;
    const std::vector<double> a;
    const unsigned int        n_inputs;
    unsigned int              n_entries;
    bool                      curved;
    std::size_t               n_points = 0;

    /// First the encoders, if there are any.
    std::vector<Layer> layers;

    /// Jets of the input, inputs of all layers but the first ones, $u - v$, and
    /// slopes of all of these.
    HostBlock              input, difference;
    std::vector<HostBlock> hidden;
    HostBlock              d_difference, d_v, d_u, slopes_out, slopes_in;
  };
} // namespace lsr_studies

#endif
