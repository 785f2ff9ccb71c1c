// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/fully_connected.h>

#include <torch/csrc/jit/api/module.h>

#include <cmath>
#include <map>
#include <random>
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



    /// A module with the parameters of the network and without forward().
    torch::jit::Module
    make_layers(const FullyConnected &layout)
    {
      std::mt19937_64    generator(layout.seed);
      torch::jit::Module module("FullyConnected");
      if (!layout.input_shift.empty())
        module.register_buffer("shift",
                               at::tensor(layout.input_shift, at::kDouble));
      if (!layout.input_scale.empty())
        module.register_buffer("scale",
                               at::tensor(layout.input_scale, at::kDouble));

      unsigned int n_in = layout.n_inputs;
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        {
          const unsigned int n_out =
            l < layout.widths.size() ? layout.widths[l] : layout.n_outputs;
          require(n_out > 0, "a layer needs at least one unit");
          module.register_module(
            "linear" + std::to_string(l),
            linear_layer("Linear" + std::to_string(l), n_in, n_out, generator));
          n_in = n_out;
        }
      return module;
    }



    /// Lines of TorchScript that standardize the inputs @p x.
    std::string
    standardization(const FullyConnected &layout)
    {
      std::string lines;
      if (!layout.input_shift.empty())
        lines += "  x = x - self.shift\n";
      if (!layout.input_scale.empty())
        lines += "  x = x * self.scale\n";
      return lines;
    }



    /// forward() of FullyConnected::build().
    std::string
    forward(const FullyConnected &layout)
    {
      std::string lines = "def forward(self, x):\n" + standardization(layout);
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        {
          lines += "  x = self.linear" + std::to_string(l) + ".forward(x)\n";
          if (l < layout.widths.size())
            lines += "  x = torch." + layout.activation + "(x)\n";
        }
      return lines + "  return x\n";
    }



    /// TorchScript for the derivatives of an activation.
    struct Slopes
    {
      /// $\sigma'$, where z is the argument and s is $\sigma(z)$.
      std::string first;

      /// $\sigma''$, where moreover s1 is $\sigma'(z)$.
      std::string second;
    };

    const std::map<std::string, Slopes> slopes = {
      {"tanh", {"1 - s * s", "-2 * s * s1"}},
      {"sin", {"torch.cos(z)", "-s"}},
      {"sigmoid", {"s * (1 - s)", "s1 * (1 - 2 * s)"}},
      {"softplus", {"torch.sigmoid(z)", "s1 * (1 - s1)"}},
      {"silu",
       {"torch.sigmoid(z) * (1 + z - s)",
        "torch.sigmoid(z) * torch.sigmoid(-z) * (2 + z - 2 * s)"}},
      {"gelu",
       {"0.5 * (1 + torch.erf(z * 0.7071067811865476)) + "
        "z * 0.3989422804014327 * torch.exp(-0.5 * z * z)",
        "(2 - z * z) * 0.3989422804014327 * torch.exp(-0.5 * z * z)"}}};



    /**
     * forward() of FullyConnected::build_jets(): values z, and behind them
     * derivatives t of sizes [n_points, n_inputs + 1, units], the last of
     * which is the weighted sum of second derivatives.
     */
    std::string
    forward_of_jets(const FullyConnected &layout)
    {
      const std::string n_inputs = std::to_string(layout.n_inputs);
      const Slopes     &slope    = slopes.at(layout.activation);

      std::string lines = "def forward(self, x):\n"
                          "  first = torch.diag_embed(torch.ones_like(x))\n";
      if (!layout.input_scale.empty())
        lines += "  first = first * self.scale\n";
      lines += "  t = torch.cat([first, torch.zeros_like(first[:, :1])], 1)\n" +
               standardization(layout) + "  z = x\n";
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        {
          const std::string layer = "self.linear" + std::to_string(l);
          lines += "  z = " + layer + ".forward(z)\n" +
                   "  t = torch.linear(t, " + layer + ".weight)\n";
          if (l < layout.widths.size())
            lines += "  s = torch." + layout.activation + "(z)\n" +
                     "  s1 = " + slope.first + "\n" + "  s2 = " + slope.second +
                     "\n" + "  first = t[:, :" + n_inputs + "]\n" +
                     "  curved = s2 * torch.sum(self.a * first * first, 1)\n" +
                     "  t = s1.unsqueeze(1) * t\n" +
                     "  t = torch.cat([t[:, :" + n_inputs + "], " + "t[:, " +
                     n_inputs + ":] + curved.unsqueeze(1)], 1)\n" + "  z = s\n";
        }
      return lines + "  jets = torch.cat([z.unsqueeze(1), t], 1)\n"
                     "  return torch.flatten(torch.transpose(jets, 1, 2), 1)\n";
    }



    void
    check(const FullyConnected &layout)
    {
      require(layout.activation == "relu" ||
                slopes.count(layout.activation) > 0,
              "unknown activation '" + layout.activation +
                "', expected tanh, sin, relu, gelu, silu, softplus or sigmoid");
      for (const auto *scaling : {&layout.input_shift, &layout.input_scale})
        require(scaling->empty() || scaling->size() == layout.n_inputs,
                "the scaling of the inputs has " +
                  std::to_string(scaling->size()) + " entries, expected " +
                  std::to_string(layout.n_inputs));
    }



    /// The network with the given forward(), which may read @p weights as
    /// self.a.
    Network
    make_network(const FullyConnected &layout,
                 const std::string    &forward,
                 const at::Tensor     &weights = {})
    {
      const std::string name  = "fully connected network";
      const std::string bytes = guarded(name, [&]() {
        torch::jit::Module module = make_layers(layout);
        if (weights.defined())
          module.register_buffer("a", weights);
        module.define(forward);
        std::ostringstream stream;
        module.save(stream);
        return stream.str();
      });
      return Network::load_bytes(bytes, name, layout.n_inputs);
    }
  } // namespace



  Network
  FullyConnected::build() const
  {
    check(*this);
    return make_network(*this, forward(*this));
  }



  Network
  FullyConnected::build_jets(const std::vector<double> &a) const
  {
    check(*this);
    require(activation != "relu",
            "jets of a network with the activation 'relu', expected one with "
            "second derivatives: tanh, sin, gelu, silu, softplus or sigmoid");
    require(a.size() == n_inputs,
            std::to_string(a.size()) +
              " weights of second derivatives, expected " +
              std::to_string(n_inputs));
    return make_network(*this,
                        forward_of_jets(*this),
                        at::tensor(a, at::kDouble).unsqueeze(1));
  }
} // namespace lsr
