// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "operator_networks.h"

#include <lsr/base/exceptions.h>

#include "support/models.h"

namespace lsr
{
  namespace performance
  {
    namespace
    {
      using test::Parameter;

      /// The TorchScript of a network, written line by line.
      class Script
      {
      public:
        std::vector<Parameter> parameters;
        std::string            text = "def forward(self, z):\n";

        void
        line(const std::string &statement)
        {
          text += "  " + statement + "\n";
        }

        /// A linear layer of new parameters, as an expression.
        std::string
        linear(const std::string &input,
               const std::string &name,
               const std::int64_t n_in,
               const std::int64_t n_out)
        {
          parameters.push_back({name + "_weight", {n_out, n_in}});
          parameters.push_back({name + "_bias", {n_out}});
          return "torch.linear(" + input + ", self." + name + "_weight, self." +
                 name + "_bias)";
        }

        std::string
        tanh_linear(const std::string &input,
                    const std::string &name,
                    const std::int64_t n_in,
                    const std::int64_t n_out)
        {
          return "torch.tanh(" + linear(input, name, n_in, n_out) + ")";
        }
      };



      /// Hidden layers of the plain network @p s; layer l is in variable s_l.
      void
      add_hidden_layers(Script            &script,
                        const std::string &s,
                        std::int64_t       n_in,
                        const std::int64_t width,
                        const unsigned int n_layers)
      {
        std::string input = s;
        for (unsigned int l = 1; l <= n_layers; ++l)
          {
            const std::string output = s + "_" + std::to_string(l);
            script.line(output + " = " +
                        script.tanh_linear(input, output, n_in, width));
            input = output;
            n_in  = width;
          }
      }



      /// Hidden layers that encoders U, V of the input modulate,
      /// h <- h U + (1 - h) V.
      void
      add_modulated_layers(Script            &script,
                           const std::string &s,
                           std::int64_t       n_in,
                           const std::int64_t width,
                           const unsigned int n_layers)
      {
        const std::string u = s + "_u", v = s + "_v";
        script.line(u + " = " + script.tanh_linear(s, u, n_in, width));
        script.line(v + " = " + script.tanh_linear(s, v, n_in, width));
        std::string input = s;
        for (unsigned int l = 1; l <= n_layers; ++l)
          {
            const std::string h = s + "_" + std::to_string(l);
            script.line(h + " = " + script.tanh_linear(input, h, n_in, width));
            script.line(h + " = " + h + " * " + u + " + (1 - " + h + ") * " +
                        v);
            input = h;
            n_in  = width;
          }
      }



      /// The inner products of features of branch and trunk: of each row, or
      /// of all pairs.
      std::string
      product(const std::string &b, const std::string &t, const bool on_grid)
      {
        return on_grid ? "torch.matmul(" + b + ", torch.t(" + t + "))" :
                         "torch.sum(" + b + " * " + t + ", [1], True)";
      }



      void
      add_inputs(Script &script, const unsigned int n_grid)
      {
        const std::string n = std::to_string(n_sensors);
        if (n_grid == 0)
          {
            script.line("b = z[:, 0:" + n + "]");
            script.line("t = z[:, " + n + ":]");
          }
        else
          {
            script.line("b = z");
            script.line("t = torch.arange(" + std::to_string(n_grid) +
                        ").type_as(z).unsqueeze(1) * " +
                        std::to_string(2. / n_grid) + " - 1.");
          }
      }



      Script
      operator_script(const std::string &type, const unsigned int n_grid)
      {
        const bool on_grid = n_grid > 0;
        Script     script;
        add_inputs(script, n_grid);
        std::string output;
        if (type == "deeponet")
          {
            add_hidden_layers(script, "b", n_sensors, 128, 3);
            add_hidden_layers(script, "t", 1, 128, 3);
            script.line("b = " + script.linear("b_3", "b_4", 128, 128));
            script.line("t = " + script.linear("t_3", "t_4", 128, 128));
            output = product("b", "t", on_grid);
          }
        else if (type == "multionet")
          {
            add_hidden_layers(script, "b", n_sensors, 128, 4);
            add_hidden_layers(script, "t", 1, 128, 4);
            script.parameters.push_back({"factor", {3}});
            output = "(self.factor[0] * " + product("b_2", "t_2", on_grid) +
                     " + self.factor[1] * " + product("b_3", "t_3", on_grid) +
                     " + self.factor[2] * " + product("b_4", "t_4", on_grid) +
                     ") / 3.";
          }
        else if (type == "modified-mlp")
          {
            add_modulated_layers(script, "b", n_sensors, 100, 5);
            add_modulated_layers(script, "t", 1, 100, 5);
            script.line("b = " + script.linear("b_5", "b_6", 100, 100));
            script.line("t = " + script.linear("t_5", "t_6", 100, 100));
            output = product("b", "t", on_grid);
          }
        else
          throw Error("unknown operator network '" + type +
                      "', expected deeponet, multionet or modified-mlp");
        script.parameters.push_back({"offset", {1}});
        script.line("return " + output + " + self.offset");
        return script;
      }
    } // namespace



    Network
    operator_network(const std::string &type, const unsigned int n_grid)
    {
      const Script script = operator_script(type, n_grid);
      return Network::load_bytes(test::torchscript(script.parameters,
                                                   script.text),
                                 type,
                                 n_grid == 0 ? n_sensors + 1 : n_sensors,
                                 n_grid == 0 ? 1 : n_grid);
    }



    Network
    convolutional_network()
    {
      Script script;
      script.parameters = {{"conv1_weight", {32, 1, 3, 3}},
                           {"conv1_bias", {32}},
                           {"conv2_weight", {64, 32, 3, 3}},
                           {"conv2_bias", {64}}};
      script.line("h = z.reshape(-1, 1, 28, 28)");
      for (const std::string layer : {"conv1", "conv2"})
        script.line("h = torch.relu(torch.conv2d(h, self." + layer +
                    "_weight, self." + layer + "_bias, [2, 2], [1, 1]))");
      script.line("h = torch.flatten(h, 1)");
      script.line("h = torch.relu(" + script.linear("h", "fc1", 3136, 32) +
                  ")");
      script.line("return " + script.linear("h", "fc2", 32, 10));
      return Network::load_bytes(test::torchscript(script.parameters,
                                                   script.text),
                                 "convolutional network",
                                 784,
                                 10);
    }
  } // namespace performance
} // namespace lsr
