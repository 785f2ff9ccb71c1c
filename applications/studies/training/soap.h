// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_soap_h
#define lsr_studies_soap_h

#include <lsr/base/types.h>
#include <lsr/network/fully_connected.h>

#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * SOAP (Vyas et al., 2024): Adam in the eigenvectors of Shampoo's
   * preconditioner. For every layer with the gradient $G$ of its weights and
   * biases, running means of $G G^T$ and $G^T G$ have the eigenvectors $Q_L$
   * and $Q_R$; Adam acts on $Q_L^T G Q_R$. The eigenvectors follow the means by
   * one step of orthogonal iteration every ten steps.
   */
  class Soap
  {
  public:
    /// For networks of this layout.
    explicit Soap(const FullyConnected &layout);

    ~Soap();

    /// Change parameters against the @p gradient of the loss there.
    void
    step(const Column &theta, const Column &gradient, double rate);

  private:
    struct Layer;

    unsigned int       n_steps = 0;
    std::vector<Layer> layers;
  };
} // namespace lsr_studies

#endif
