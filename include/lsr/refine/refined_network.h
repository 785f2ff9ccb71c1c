// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_refined_network_h
#define lsr_refine_refined_network_h

#include <lsr/network/network.h>

#include <map>
#include <string>

namespace lsr
{
  /**
   * A refined prediction $q(x) + J(x)\,\Delta\theta$: a network, unchanged, and
   * the correction that was found for it. It is not the network with parameters
   * $\theta + \Delta\theta$, which is usually far off (paper, S3).
   */
  struct RefinedNetwork
  {
    Network network;

    /// $\Delta\theta$; empty stands for zero.
    Column correction;

    /**
     * Write both into one file: a TorchScript model as PyTorch knows it, with
     * the correction (and the scaling of inputs and outputs) as an extra file
     * inside, and with the texts of @p extra_files (see Network::save()).
     * Nothing is left behind if writing fails.
     */
    void
    save(const std::string                        &path,
         const std::map<std::string, std::string> &extra_files = {}) const;

    /// Read what save() wrote. Throws lsr::Error as Network::load() does, and
    /// if there is no correction inside or it does not belong to the model.
    static RefinedNetwork
    load(const std::string &path,
         const unsigned int n_inputs,
         const unsigned int n_outputs = 0);
  };
} // namespace lsr

#endif
