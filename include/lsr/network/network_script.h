// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_network_script_h
#define lsr_network_network_script_h

#include <lsr/network/network.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A network of any architecture, written in TorchScript line by line, for
   * programs that make networks and have no Python at hand:
   *
   * @code
   *   NetworkScript script("x");
   *   script.line("h = " + script.linear("x", "hidden", 2, 20));
   *   script.line("h = torch.tanh(h)");
   *   script.line("return " + script.linear("h", "output", 20, 1));
   *   const Network network = script.build("my network", 2, 1);
   * @endcode
   *
   * Layers are expressions that name the parameters they need; these are
   * created when the network is built, as float64. Weights and biases are
   * uniform in $\pm 1/\sqrt{n}$, with $n$ the inputs of a unit (the default of
   * PyTorch).
   */
  class NetworkScript
  {
  public:
    /// The body of a function of the tensor named @p input, of sizes
    /// [n_points, n_inputs].
    explicit NetworkScript(const std::string &input);

    /// Add a statement to the body.
    void
    line(const std::string &statement);

    /// A linear layer with bias that acts on the expression @p input; its
    /// parameters are called @p name + "_weight" and "_bias".
    std::string
    linear(const std::string &input,
           const std::string &name,
           unsigned int       n_in,
           unsigned int       n_out);

    /// Linear layers of the given @p widths, those of input and output
    /// included, with tanh between them; their names are @p name and a number.
    /// Throws lsr::Error if there are fewer than two widths.
    std::string
    fully_connected(const std::string               &input,
                    const std::string               &name,
                    const std::vector<unsigned int> &widths);

    /// A convolution of images, with bias, square kernels of @p kernel pixels,
    /// and the given @p stride and @p padding.
    std::string
    convolution(const std::string &input,
                const std::string &name,
                unsigned int       n_in,
                unsigned int       n_out,
                unsigned int       kernel,
                unsigned int       stride,
                unsigned int       padding);

    /// A vector of @p n parameters that all begin as @p value.
    std::string
    vector(const std::string &name, unsigned int n, double value);

    /**
     * Make the network. The same @p seed makes the same parameters. @p name
     * stands for the path of a file in messages, as in Network::load_bytes(),
     * which says what is thrown.
     */
    Network
    build(const std::string &name,
          unsigned int       n_inputs,
          unsigned int       n_outputs,
          std::uint64_t      seed = 0) const;

  private:
    /// Uniform numbers in center $\pm$ spread.
    struct Parameter
    {
      std::string               name;
      std::vector<std::int64_t> sizes;
      double                    center, spread;
    };

    /// Add weight and bias of a layer whose units have @p n_in inputs.
    void
    add_layer(const std::string               &name,
              const std::vector<std::int64_t> &weight_sizes,
              unsigned int                     n_in);

    std::vector<Parameter> parameters;
    std::string            text;
  };
} // namespace lsr

#endif
