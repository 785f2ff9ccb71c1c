// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/fully_connected.h>

#include <torch/csrc/jit/api/module.h>

#include <cmath>
#include <random>
#include <set>
#include <sstream>

#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    at::Tensor
    uniform_tensor(const std::vector<std::int64_t> &sizes,
                   const double                     bound,
                   std::mt19937_64                 &generator)
    {
      std::uniform_real_distribution<double> uniform(-bound, bound);
      at::Tensor tensor = at::empty(sizes, at::kDouble);
      double    *values = tensor.data_ptr<double>();
      for (std::int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = uniform(generator);
      return tensor;
    }



    torch::jit::Module
    linear_layer(const std::string &name,
                 const std::int64_t n_in,
                 const std::int64_t n_out,
                 std::mt19937_64   &generator)
    {
      const double       bound = 1. / std::sqrt(double(n_in));
      torch::jit::Module layer(name);
      layer.register_parameter("weight",
                               uniform_tensor({n_out, n_in}, bound, generator),
                               /* is_buffer = */ false);
      layer.register_parameter("bias",
                               uniform_tensor({n_out}, bound, generator),
                               /* is_buffer = */ false);
      layer.define("def forward(self, x):\n"
                   "  return torch.linear(x, self.weight, self.bias)\n");
      return layer;
    }



    torch::jit::Module
    make_module(const FullyConnected &layout)
    {
      std::mt19937_64    generator(layout.seed);
      torch::jit::Module module("FullyConnected");
      std::string        forward = "def forward(self, x):\n";
      if (!layout.input_shift.empty())
        {
          module.register_buffer("shift",
                                 at::tensor(layout.input_shift, at::kDouble));
          forward += "  x = x - self.shift\n";
        }
      if (!layout.input_scale.empty())
        {
          module.register_buffer("scale",
                                 at::tensor(layout.input_scale, at::kDouble));
          forward += "  x = x * self.scale\n";
        }

      unsigned int n_in = layout.n_inputs;
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        {
          const bool         last  = l == layout.widths.size();
          const unsigned int n_out = last ? layout.n_outputs : layout.widths[l];
          require(n_out > 0, "a layer needs at least one unit");
          const std::string name = "linear" + std::to_string(l);
          module.register_module(
            name,
            linear_layer("Linear" + std::to_string(l), n_in, n_out, generator));
          forward += "  x = self." + name + ".forward(x)\n";
          if (!last)
            forward += "  x = torch." + layout.activation + "(x)\n";
          n_in = n_out;
        }
      forward += "  return x\n";
      module.define(forward);
      return module;
    }
  } // namespace



  Network
  FullyConnected::build() const
  {
    static const std::set<std::string> activations = {
      "tanh", "sin", "relu", "gelu", "silu", "softplus", "sigmoid"};
    require(activations.count(activation) > 0,
            "unknown activation '" + activation +
              "', expected tanh, sin, relu, gelu, silu, softplus or sigmoid");
    for (const auto *scaling : {&input_shift, &input_scale})
      require(scaling->empty() || scaling->size() == n_inputs,
              "the scaling of the inputs has " +
                std::to_string(scaling->size()) + " entries, expected " +
                std::to_string(n_inputs));

    const std::string bytes = guarded("fully connected network", [&]() {
      std::ostringstream stream;
      make_module(*this).save(stream);
      return stream.str();
    });
    return Network::load_bytes(bytes,
                               "fully connected network",
                               n_inputs,
                               n_outputs);
  }
} // namespace lsr
