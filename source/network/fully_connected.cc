// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/fully_connected.h>

#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <sstream>

#include "network/column_expressions.h"
#include "network/layout_text.h"
#include "network/script_steps.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    /// A tensor filled from a distribution.
    template <typename Distribution>
    at::Tensor
    random_tensor(const std::vector<std::int64_t> &sizes,
                  Distribution                     distribution,
                  std::mt19937_64                 &generator)
    {
      at::Tensor tensor = at::empty(sizes, at::kDouble);
      double    *values = tensor.data_ptr<double>();
      for (std::int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = distribution(generator);
      return tensor;
    }



    /// A linear layer with uniform parameters, or by Glorot and Bengio.
    torch::jit::Module
    linear_layer(const std::string &name,
                 const std::int64_t n_in,
                 const std::int64_t n_out,
                 const bool         glorot,
                 std::mt19937_64   &generator)
    {
      using Uniform = std::uniform_real_distribution<double>;
      using Normal  = std::normal_distribution<double>;

      const double     bound  = 1. / std::sqrt(double(n_in));
      const double     spread = std::sqrt(2. / double(n_in + n_out));
      const at::Tensor weight =
        glorot ?
          random_tensor({n_out, n_in}, Normal(0., spread), generator) :
          random_tensor({n_out, n_in}, Uniform(-bound, bound), generator);
      const at::Tensor bias =
        glorot ? at::zeros({n_out}, at::kDouble) :
                 random_tensor({n_out}, Uniform(-bound, bound), generator);

      torch::jit::Module layer(name);
      layer.register_parameter("weight", weight, /* is_buffer = */ false);
      layer.register_parameter("bias", bias, /* is_buffer = */ false);
      layer.define("def forward(self, x):\n"
                   "  return torch.linear(x, self.weight, self.bias)\n");
      return layer;
    }



    /// Whether encoders gate the hidden layers, if there are any.
    bool
    is_gated(const FullyConnected &layout)
    {
      return layout.architecture == "modified" && !layout.widths.empty();
    }



    /// What the first layer sees.
    unsigned int
    n_features(const FullyConnected &layout)
    {
      const unsigned int n = split(layout.features).size();
      return n > 0 ? n : layout.n_inputs;
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

      const auto add_layer = [&](const std::string &name,
                                 const unsigned int n_in,
                                 const unsigned int n_out) {
        require(n_out > 0, "a layer needs at least one unit");
        module.register_module(name,
                               linear_layer("Linear_" + name,
                                            n_in,
                                            n_out,
                                            layout.initialization == "glorot",
                                            generator));
      };
      if (is_gated(layout))
        for (const std::string encoder : {"encoder_u", "encoder_v"})
          add_layer(encoder, n_features(layout), layout.widths[0]);
      unsigned int n_in = n_features(layout);
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        {
          const unsigned int n_out =
            l < layout.widths.size() ? layout.widths[l] : layout.n_outputs;
          add_layer("linear" + std::to_string(l), n_in, n_out);
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



    /// Lines of TorchScript that make @p x the expressions of a list.
    std::string
    expressions(const std::vector<std::string>     &list,
                const std::string                  &entry,
                const std::vector<ColumnVariables> &variables)
    {
      std::string              lines;
      std::vector<std::string> results;
      for (std::size_t k = 0; k < list.size(); ++k)
        results.push_back(
          compile_expression(list[k],
                             entry + " = " + list[k],
                             variables[std::min(k, variables.size() - 1)],
                             entry + std::to_string(k) + "_",
                             lines));
      return results.empty() ? lines :
                               lines + "  x = " + side_by_side(results) + "\n";
    }



    std::string
    features(const FullyConnected &layout)
    {
      return expressions(split(layout.features),
                         "features",
                         {input_variables("points", layout.n_inputs)});
    }



    std::string
    output(const FullyConnected &layout)
    {
      const auto                   list = split(layout.output);
      std::vector<ColumnVariables> variables;
      for (std::size_t k = 0; k < list.size(); ++k)
        {
          variables.push_back(input_variables("points", layout.n_inputs));
          add_output_variables(variables[k], "x", layout.n_outputs);
          variables[k].add("u", list.size() == 1 ? "x" : column("x", k));
        }
      return expressions(list, "output", variables);
    }



    /// forward() of FullyConnected::build().
    std::string
    forward(const FullyConnected &layout)
    {
      const auto layer = [](const std::string &name) {
        return assignment("self." + name + ".forward($x)");
      };
      std::vector<ScriptStep> layers, encoders;
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        layers.push_back(layer("linear" + std::to_string(l)));
      if (is_gated(layout))
        encoders = {layer("encoder_u"), layer("encoder_v")};
      const std::vector<ScriptStep> activations(
        layout.widths.size(),
        assignment("torch." + layout.activation + "($x)"));
      return "def forward(self, x):\n  points = x\n" + standardization(layout) +
             features(layout) +
             chain_of_layers("x", layers, activations, encoders) +
             output(layout) + "  return x\n";
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
     * Lines of TorchScript that compute with jets: values, and behind them
     * derivatives of sizes [n_points, n_inputs + 1, units], the last of which
     * is the weighted sum of second derivatives. The jets called "z" are kept
     * in the variables z and z_t.
     */
    class JetScript
    {
    public:
      explicit JetScript(const FullyConnected &layout)
        : n(std::to_string(layout.n_inputs))
        , activation(layout.activation)
        , slope(slopes.at(layout.activation))
      {}

      /// @p z becomes the result of the linear layer @p name for @p x.
      void
      linear(const std::string &z,
             const std::string &name,
             const std::string &x)
      {
        const std::string layer = "self." + name;
        text += "  " + z + "_t = torch.linear(" + x + "_t, " + layer +
                ".weight)\n  " + z + " = " + layer + ".forward(" + x + ")\n";
      }

      /// @p z becomes the activation of the argument @p z.
      void
      activate(const std::string &z)
      {
        text += "  z, t = " + z + ", " + z + "_t\n  s = torch." + activation +
                "(z)\n  s1 = " + slope.first + "\n  s2 = " + slope.second +
                "\n  first = t[:, :" + n + "]\n" +
                "  curved = s2 * torch.sum(self.a * first * first, 1)\n" +
                "  t = s1.unsqueeze(1) * t\n";
        assign_with_curvature(z, "s");
      }

      /// @p z becomes $v + z u$.
      void
      gate(const std::string &z, const std::string &u, const std::string &v)
      {
        text += "  curved = 2 * torch.sum(self.a * " + z + "_t[:, :" + n +
                "] * " + u + "_t[:, :" + n + "], 1)\n  t = " + v + "_t + " + z +
                "_t * " + u + ".unsqueeze(1) + " + z + ".unsqueeze(1) * " + u +
                "_t\n";
        assign_with_curvature(z, v + " + " + z + " * " + u);
      }

      std::string text;

    private:
      /// @p z becomes the value @p value with the derivatives t and a further
      /// contribution to the second ones, curved.
      void
      assign_with_curvature(const std::string &z, const std::string &value)
      {
        text += "  " + z + "_t = torch.cat([t[:, :" + n + "], t[:, " + n +
                ":] + curved.unsqueeze(1)], 1)\n  " + z + " = " + value + "\n";
      }

      const std::string n, activation;
      const Slopes     &slope;
    };



    /// forward() of FullyConnected::build_jets().
    std::string
    forward_of_jets(const FullyConnected &layout)
    {
      JetScript script(layout);
      script.text = "def forward(self, x):\n"
                    "  first = torch.diag_embed(torch.ones_like(x))\n";
      if (!layout.input_scale.empty())
        script.text += "  first = first * self.scale\n";
      script.text +=
        "  x_t = torch.cat([first, torch.zeros_like(first[:, :1])], 1)\n" +
        standardization(layout);
      if (is_gated(layout))
        {
          for (const std::string encoder : {"v", "u"})
            {
              script.linear(encoder, "encoder_" + encoder, "x");
              script.activate(encoder);
            }
          script.text += "  u = u - v\n  u_t = u_t - v_t\n";
        }
      for (std::size_t l = 0; l <= layout.widths.size(); ++l)
        {
          script.linear("x", "linear" + std::to_string(l), "x");
          if (l < layout.widths.size())
            script.activate("x");
          if (l < layout.widths.size() && is_gated(layout))
            script.gate("x", "u", "v");
        }
      return script.text +
             "  jets = torch.cat([x.unsqueeze(1), x_t], 1)\n"
             "  return torch.flatten(torch.transpose(jets, 1, 2), 1)\n";
    }



    void
    check(const FullyConnected &layout)
    {
      require(layout.activation == "relu" ||
                slopes.count(layout.activation) > 0,
              "unknown activation '" + layout.activation +
                "', expected tanh, sin, relu, gelu, silu, softplus or sigmoid");
      require(layout.architecture == "plain" ||
                layout.architecture == "modified",
              "unknown architecture '" + layout.architecture +
                "', expected plain or modified");
      require(layout.initialization == "uniform" ||
                layout.initialization == "glorot",
              "unknown initialization '" + layout.initialization +
                "', expected uniform or glorot");
      if (is_gated(layout))
        for (const unsigned int width : layout.widths)
          require(width == layout.widths[0],
                  "hidden layers of " + std::to_string(layout.widths[0]) +
                    " and " + std::to_string(width) +
                    " units, expected one width in the modified architecture");
      const std::size_t n_values = split(layout.output).size();
      require(n_values <= 1 || n_values == layout.n_outputs,
              "the output is " + std::to_string(n_values) +
                " expressions, expected 1 or one for each of the " +
                std::to_string(layout.n_outputs) + " outputs");
      require(layout.features.empty() ||
                (layout.input_shift.empty() && layout.input_scale.empty()),
              "features of inputs that are scaled, expected one of both");
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
    const Network network = make_network(*this, forward(*this));
    require(network.n_outputs() == n_outputs,
            "output = " + output + " gives " +
              std::to_string(network.n_outputs()) + " values, expected " +
              std::to_string(n_outputs));
    return network;
  }



  Network
  FullyConnected::build_jets(const std::vector<double> &a) const
  {
    check(*this);
    require(activation != "relu",
            "jets of a network with the activation 'relu', expected one with "
            "second derivatives: tanh, sin, gelu, silu, softplus or sigmoid");
    require(features.empty() && output.empty(),
            "jets of a network with features or an output by expressions, "
            "expected one without");
    require(a.size() == n_inputs,
            std::to_string(a.size()) +
              " weights of second derivatives, expected " +
              std::to_string(n_inputs));
    return make_network(*this,
                        forward_of_jets(*this),
                        at::tensor(a, at::kDouble).unsqueeze(1));
  }
} // namespace lsr
