// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_taylor_mode_h
#define lsr_studies_taylor_mode_h

#include <lsr/base/types.h>
#include <lsr/network/fully_connected.h>

#include <memory>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * The jets of FullyConnected::build_jets(), and the gradient of a loss of
   * them, for tanh networks and without a graph of operations: for training
   * small networks some times faster than automatic differentiation. Works in
   * host memory.
   *
   * With the number $K$ of entries in a jet, 1 (values only), $d + 1$ (and
   * first derivatives) or $d + 2$ (and the weighted sum of second ones), the
   * data of a layer are one block of units x $K$ points: all values, then all
   * first derivatives with respect to $x_1$, and so on.
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

    ~TaylorMode();

    unsigned int
    jet_size() const;

    /// Jets at points, outputs x jet_size() points; overwritten by the next
    /// call.
    HostBlock
    forward(const HostColumn &theta, const HostBlock &points);

    /// The gradient with respect to the parameters of the last forward(), for
    /// the derivatives @p slopes with respect to its result.
    void
    backward(const HostColumn &theta,
             const HostBlock  &slopes,
             const HostColumn &gradient);

  private:
    class Implementation;

    const std::unique_ptr<Implementation> implementation;
  };
} // namespace lsr_studies

#endif
