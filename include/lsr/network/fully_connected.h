// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_fully_connected_h
#define lsr_network_fully_connected_h

#include <lsr/network/network.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A fully connected network
   * $q(x) = W_L\,\sigma(W_{L-1} \cdots \sigma(W_1 \hat x + b_1) \cdots) + b_L$,
   * $\hat x = (x - \text{shift}) \cdot \text{scale}$, or the modified one of
   * Wang, Teng and Perdikaris (2021), where two encoders of the input gate
   * every hidden layer,
   * @f[
   *   U = \sigma(W_U \hat x + b_U), \quad V = \sigma(W_V \hat x + b_V), \qquad
   *   h_l = z_l \circ U + (1 - z_l) \circ V, \quad
   *   z_l = \sigma(W_l h_{l-1} + b_l), \quad h_0 = \hat x, \qquad
   *   q(x) = W_L h_{L-1} + b_L .
   * @f]
   *
   * <h3>Order of the parameters</h3>
   * The encoders come first, $W_U, b_U, W_V, b_V$, then $W_1, b_1$ to
   * $W_L, b_L$, every matrix row by row. So the last
   * n_outputs $\cdot$ (width of the last hidden layer + 1) parameters are those
   * of the last layer.
   */
  struct FullyConnected
  {
    unsigned int n_inputs  = 2;
    unsigned int n_outputs = 1;

    /// Widths of the hidden layers.
    std::vector<unsigned int> widths = {128, 128, 128, 128, 128, 128};

    /// $\sigma$: tanh, sin, relu, gelu, silu, softplus or sigmoid.
    std::string activation = "tanh";

    /// "plain" or "modified"; the latter needs hidden layers of one width.
    std::string architecture = "plain";

    /**
     * Initial parameters: "uniform" is the default of PyTorch's Linear, weights
     * and biases uniform in $\pm 1/\sqrt{n}$; "glorot" are normally distributed
     * weights with variance $2 / (n + n')$ and no biases (Glorot and Bengio,
     * 2010). The layer has $n$ inputs and $n'$ outputs.
     */
    std::string initialization = "uniform";

    /**
     * Standardization of the inputs, stored in the module but not among its
     * parameters. Empty means identity, and has to be so where there are
     * features.
     */
    std::vector<double> input_shift, input_scale;

    /// Seed of the initial parameters.
    std::uint64_t seed = 0;

    /**
     * What the first layer and the encoders see in the place of $\hat x$, and
     * the values $q$ where they are more than what the last layer returns:
     * expressions as NetworkLayout::features and NetworkLayout::output are, of
     * the inputs $x$ and without tensors in braces. They make a network one for
     * a problem: "cos(pi*x), sin(pi*x), t" makes it periodic in $x$,
     * "30*x, 30*y" with the activation sin gives it waves of that length, and
     * "sin(pi*x)*(1 + t*u)" has an initial value and is zero where it has to
     * be.
     */
    std::string features, output;

    /**
     * Build the network. It is a TorchScript module of float64 parameters that
     * Network::save() writes and PyTorch reads.
     *
     * Throws lsr::Error for an unknown activation, architecture or
     * initialization, a layer without units, hidden layers of different widths
     * in the modified architecture, or expressions that cannot be read or give
     * another number of values than outputs.
     */
    Network
    build() const;

    /**
     * Build a network of the same parameters, in the same order and from the
     * same seed, whose outputs are the jets of those of build(): for each of
     * them, $d + 2$ values
     * @f[
     *   \Bigl( q,\ \partial_1 q, \dots, \partial_d q,\
     *          \sum_{k=1}^d a_k\, \partial_k^2 q \Bigr), \qquad
     *   d = \text{n\_inputs},
     * @f]
     * with weights @p a, one for each input. So a residual of the strong form
     * of a differential equation is a function of the values of a network as
     * any other, and its Jacobian with respect to the parameters consists of
     * Jacobian products of that network.
     *
     * Jets go through the layers from the input to the output (Taylor mode;
     * with a sum of second derivatives instead of all of them: forward
     * Laplacian, Li et al. 2024): a linear layer acts on each of the $d + 2$
     * vectors, with its bias on the first, and an activation maps
     * @f[
     *   (z, z_k, s) \mapsto \Bigl(\sigma(z),\ \sigma'(z)\, z_k,\
     *   \sigma''(z) \sum_k a_k z_k^2 + \sigma'(z)\, s\Bigr).
     * @f]
     * Where encoders gate a layer, $h = V + z \circ D$ with $D = U - V$, first
     * derivatives follow the product rule and second ones have the further
     * term $2 \sum_k a_k\, \partial_k z\, \partial_k D$.
     *
     * It is Network::layered(): every weight matrix acts twice, on values and,
     * without bias, on $d + 1$ derivatives.
     *
     * Throws as build() does, and if there is not one weight for each input,
     * the activation is relu, which has no second derivative, or there are
     * features or an output, which jets do not go through.
     */
    Network
    build_jets(const std::vector<double> &a) const;
  };



  /// A fully connected network of random parameters with tanh between hidden
  /// layers of the given @p widths; see FullyConnected, which has more options.
  inline Network
  make_network(const unsigned int               n_inputs,
               const unsigned int               n_outputs,
               const std::vector<unsigned int> &widths,
               const std::uint64_t              seed = 0)
  {
    FullyConnected layers;
    layers.n_inputs  = n_inputs;
    layers.n_outputs = n_outputs;
    layers.widths    = widths;
    layers.seed      = seed;
    return layers.build();
  }
} // namespace lsr

#endif
