// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_network_layout_h
#define lsr_network_network_layout_h

#include <lsr/network/network.h>

#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * How the tensors of a checkpoint make a network: a checkpoint (safetensors,
   * the state_dict of PyTorch, .npz) has numbers and names and no code. Widths
   * are those of the tensors; what they do not show is said here, by texts as
   * they stand in the section Network/Layout of a parameter file. For a network
   * of the coordinates $x$,
   * @f[
   *   \hat x = (x - \text{input mean}) / \text{input deviation}, \quad
   *   N = \text{layers}(\text{features}(\hat x)), \quad
   *   u = \text{output mean} + \text{output deviation} \cdot N, \quad
   *   q(x) = \text{output}(x, u).
   * @f]
   *
   * <h3>Expressions</h3>
   * Features and output are expressions as elsewhere in parameter files, of the
   * inputs of the network: x, y, z are the first three, t is the last one, and
   * x1, x2, ... are all of them. A name in braces, {fourier.B}, is a tensor of
   * the checkpoint. In features, a matrix stands for its product with the
   * inputs, so that "sin(2*pi*{B}), cos(2*pi*{B})" are Fourier features.
   * In output, u1, u2, ... are what the layers return, and u is all of it, if
   * there is one expression, or the one in the place of the expression, if
   * there is one for each: "x*(1-x)*u" is zero at both ends.
   */
  struct NetworkLayout
  {
    std::string architecture;
    std::string activation;
    std::string features;
    std::string input_mean, input_deviation;
    std::string output_mean, output_deviation;
    std::string output;
    std::string output_basis;
    std::string layers;
    std::string encoders;
    std::string branch = "branch", trunk = "trunk";
    std::string branch_activation;
    std::string trunk_output;
    std::string weights = "auto";
    std::string prefix, ignore, trained;

    /// A member by the name that it has in parameter files.
    struct Entry
    {
      std::string name;
      std::string NetworkLayout::*value;
      std::string                 description;
    };

    /// All of them.
    static const std::vector<Entry> &
    entries();

    /// Set the entry @p name, blanks aside; lsr::Error if there is none.
    void
    set(const std::string &name, const std::string &value);

    /// Whether no entry is set.
    bool
    empty() const;

    /**
     * The network of the checkpoint in a file, or, if this layout is empty, of
     * any file as Network::load() reads it. Everything is as with the
     * TorchScript of the same network: parameters have the order of the file,
     * if it has one (a state_dict), or else that in which the network uses
     * them.
     *
     * Nothing of a checkpoint is executed.
     *
     * Throws lsr::Error as Network::load() does, and where layout and tensors
     * do not fit: an unknown activation, widths that do not fit, an order of
     * layers that does not show, tensors that are left over.
     */
    Network
    load(const std::string                &path,
         const unsigned int                n_inputs,
         const std::optional<unsigned int> n_outputs = std::nullopt,
         const Network::LoadOptions       &options   = {}) const;

    /// The same for a file held in memory; @p name stands for the path in
    /// messages.
    Network
    load_bytes(const std::string                &bytes,
               const std::string                &name,
               const unsigned int                n_inputs,
               const std::optional<unsigned int> n_outputs = std::nullopt,
               const Network::LoadOptions       &options   = {}) const;
  };
} // namespace lsr

#endif
