// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/operator_networks.h"

#include <lsr/base/exceptions.h>
#include <lsr/network/network_script.h>

namespace lsr_studies
{
  namespace
  {
    /// The lines of an operator network. Branch and trunk are called b and t.
    class OperatorScript
    {
    public:
      OperatorScript(const std::string &activation, const unsigned int n_grid)
        : script("z")
        , activation(activation)
        , on_grid(n_grid > 0)
      {
        require(activation == "relu" || activation == "tanh" ||
                  activation == "tanh_sin",
                "unknown activation '" + activation +
                  "', expected relu, tanh or tanh_sin");
        const std::string n = std::to_string(n_sensors);
        if (on_grid)
          {
            script.line("b = z");
            script.line("t = torch.arange(" + std::to_string(n_grid) +
                        ").type_as(z).unsqueeze(1) * " +
                        std::to_string(2. / n_grid) + " - 1.");
          }
        else
          {
            script.line("b = z[:, 0:" + n + "]");
            script.line("t = z[:, " + n + ":]");
          }
      }

      /// Hidden layers of network @p s; layer l is in variable s_l. Where they
      /// are modulated, encoders u, v of the input do h <- h u + (1 - h) v.
      void
      add_hidden_layers(const std::string &s,
                        unsigned int       n_in,
                        const unsigned int width,
                        const unsigned int n_layers,
                        const bool         modulated = false)
      {
        const std::string u = s + "_u", v = s + "_v";
        if (modulated)
          for (const std::string &encoder : {u, v})
            add_activated_layer(s, encoder, n_in, width);
        std::string input = s;
        for (unsigned int l = 1; l <= n_layers; ++l)
          {
            const std::string h = s + "_" + std::to_string(l);
            add_activated_layer(input, h, n_in, width);
            if (modulated)
              script.line(h + " = " + h + " * " + u + " + (1 - " + h + ") * " +
                          v);
            input = h;
            n_in  = width;
          }
      }

      /// A linear layer from variable @p input into @p output.
      void
      add_linear_layer(const std::string &input,
                       const std::string &output,
                       const unsigned int n_in,
                       const unsigned int n_out)
      {
        script.line(output + " = " + script.linear(input, output, n_in, n_out));
      }

      /// The inner products of features of branch and trunk: of each row, or
      /// of all pairs.
      std::string
      product(const std::string &b, const std::string &t) const
      {
        return on_grid ? "torch.matmul(" + b + ", torch.t(" + t + "))" :
                         "torch.sum(" + b + " * " + t + ", [1], True)";
      }

      NetworkScript script;

    private:
      void
      add_activated_layer(const std::string &input,
                          const std::string &output,
                          const unsigned int n_in,
                          const unsigned int n_out)
      {
        const std::string z = script.linear(input, output, n_in, n_out);
        if (activation == "tanh_sin")
          {
            script.line(output + " = " + z);
            script.line(output +
                        " = torch.tanh(torch.sin(3.141592653589793 * (" +
                        output + " + 1.))) + " + output);
          }
        else
          script.line(output + " = torch." + activation + "(" + z + ")");
      }

      const std::string activation;
      const bool        on_grid;
    };
  } // namespace



  Network
  OperatorNetwork::build(const unsigned int n_grid) const
  {
    OperatorScript network(activation, n_grid);
    NetworkScript &script = network.script;
    std::string    output;
    if (type == "deeponet")
      {
        network.add_hidden_layers("b", n_sensors, 128, 3);
        network.add_hidden_layers("t", 1, 128, 3);
        network.add_linear_layer("b_3", "b_4", 128, 128);
        network.add_linear_layer("t_3", "t_4", 128, 128);
        output = network.product("b_4", "t_4");
      }
    else if (type == "multionet")
      {
        network.add_hidden_layers("b", n_sensors, 128, 4);
        network.add_hidden_layers("t", 1, 128, 4);
        const std::string factor = script.vector("factor", 3, 1.);
        for (unsigned int l = 0; l < 3; ++l)
          {
            const std::string layer = std::to_string(l + 2);
            output += (l == 0 ? "(" : " + ") + factor + "[" +
                      std::to_string(l) + "] * " +
                      network.product("b_" + layer, "t_" + layer);
          }
        output += ") / 3.";
      }
    else if (type == "modified-mlp")
      {
        network.add_hidden_layers("b", n_sensors, 100, 5, true);
        network.add_hidden_layers("t", 1, 100, 5, true);
        network.add_linear_layer("b_5", "b_6", 100, 100);
        network.add_linear_layer("t_5", "t_6", 100, 100);
        output = network.product("b_6", "t_6");
      }
    else
      throw Error("unknown operator network '" + type +
                  "', expected deeponet, multionet or modified-mlp");
    script.line("return " + output + " + " + script.vector("offset", 1, 0.));
    return script.build(type,
                        n_grid == 0 ? n_sensors + 1 : n_sensors,
                        n_grid == 0 ? 1 : n_grid,
                        seed);
  }
} // namespace lsr_studies
