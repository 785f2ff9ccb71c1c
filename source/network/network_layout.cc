// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/network/network_layout.h>

#include "network/layout_text.h"

namespace lsr
{
  const std::vector<NetworkLayout::Entry> &
  NetworkLayout::entries()
  {
    static const std::vector<Entry> list = {
      {"Architecture",
       &NetworkLayout::architecture,
       "How the layers are connected, if File is a checkpoint (safetensors, a "
       "state_dict of PyTorch, .npz): fully connected; modified, in which two "
       "encoders of the input gate the hidden layers; deeponet, a branch and a "
       "trunk; or pfnn, parallel layers for each output. Empty for files that "
       "say so themselves (TorchScript)."},
      {"Activation",
       &NetworkLayout::activation,
       "Activation of the hidden layers, or one for each, separated by commas: "
       "tanh, sin, cos, sigmoid, relu, leaky_relu, elu, selu, gelu, gelu_tanh "
       "(the approximation that is JAX's default), silu, mish, softplus, or an "
       "expression in x such as sin(30*x)."},
      {"Features",
       &NetworkLayout::features,
       "What the first layer sees, if not the inputs: expressions, separated "
       "by commas, of x, y, z (the first inputs), t (the last one), or x1, x2, "
       "..., and of tensors in braces; a matrix stands for its product with "
       "the inputs. Periodic features: sin(2*pi*x), cos(2*pi*x); Fourier "
       "features: sin(2*pi*{B}), cos(2*pi*{B})."},
      {"Input mean",
       &NetworkLayout::input_mean,
       "The layers and Features see (inputs - mean) / deviation: numbers, "
       "separated by commas, or the name of a tensor. Empty: 0."},
      {"Input deviation",
       &NetworkLayout::input_deviation,
       "See Input mean. Empty: 1."},
      {"Output mean",
       &NetworkLayout::output_mean,
       "What the layers return is multiplied by the deviation, and the mean is "
       "added: numbers or the name of a tensor. Empty: 0."},
      {"Output deviation",
       &NetworkLayout::output_deviation,
       "See Output mean. Empty: 1."},
      {"Output",
       &NetworkLayout::output,
       "The values of the network, if they are more than that: one expression "
       "for all or for each, separated by commas, of the inputs (as in "
       "Features, without Input mean and deviation) and of u, or u1, u2, ..., "
       "which the layers return: x*(1-x)*u is zero at both ends. Tensors in "
       "braces are numbers."},
      {"Output basis",
       &NetworkLayout::output_basis,
       "The name of a matrix [values, coefficients] that what the layers "
       "return is multiplied by, as by a basis of proper orthogonal "
       "decomposition (POD)."},
      {"Layers",
       &NetworkLayout::layers,
       "The names of all linear layers in the order in which they are applied, "
       "where names and widths do not show it."},
      {"Encoders",
       &NetworkLayout::encoders,
       "modified: names of the layers U, V where z*U + (1 - z)*V is what a "
       "hidden layer z becomes. Empty: layers whose names end with u and v."},
      {"Branch",
       &NetworkLayout::branch,
       "deeponet: what the names of the tensors of the branch begin with. The "
       "first inputs of the network are those of the branch, as many as its "
       "first layer has; the others, the coordinates, are those of the trunk "
       "(x, y, z, t)."},
      {"Trunk",
       &NetworkLayout::trunk,
       "deeponet: what the names of the tensors of the trunk begin with."},
      {"Branch activation",
       &NetworkLayout::branch_activation,
       "deeponet: that of the branch, if it is not Activation."},
      {"Trunk output",
       &NetworkLayout::trunk_output,
       "deeponet: activated, if there is an activation behind the last layer "
       "of the trunk, too, as in DeepXDE, or linear."},
      {"Weights",
       &NetworkLayout::weights,
       "Sizes of the weights: out in (PyTorch, Equinox), in out (Flax, Haiku), "
       "or auto, by names (weight, kernel) and sizes."},
      {"Prefix",
       &NetworkLayout::prefix,
       "The network is made of the tensors whose names begin so; others are "
       "not looked at. What follows is what other entries call their names."},
      {"Ignore",
       &NetworkLayout::ignore,
       "Names of tensors that the network does not use, separated by commas; "
       "they may end with *. Any others that the layout does not use are "
       "refused."},
      {"Trained",
       &NetworkLayout::trained,
       "Names of tensors in Features, Output, means and deviations that are "
       "trained parameters; others there stay as they are."}};
    return list;
  }



  void
  NetworkLayout::set(const std::string &name, const std::string &value)
  {
    std::string names;
    for (const Entry &entry : entries())
      {
        if (entry.name == trim(name))
          {
            this->*entry.value = trim(value);
            return;
          }
        names += (names.empty() ? "" : ", ") + entry.name;
      }
    throw Error("a layout of a network has no entry '" + name +
                "', expected one of " + names);
  }



  bool
  NetworkLayout::empty() const
  {
    const NetworkLayout none;
    for (const Entry &entry : entries())
      if (this->*entry.value != none.*entry.value)
        return false;
    return true;
  }
} // namespace lsr
