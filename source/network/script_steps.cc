// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/script_steps.h"

#include <lsr/base/exceptions.h>

#include <cctype>
#include <map>

#include "base/syntax_tree.h"

namespace lsr
{
  namespace
  {
    const std::map<std::string, std::string> activations = {
      {"tanh", "torch.tanh($x)"},
      {"sin", "torch.sin($x)"},
      {"cos", "torch.cos($x)"},
      {"sigmoid", "torch.sigmoid($x)"},
      {"relu", "torch.relu($x)"},
      {"leaky_relu", "torch.leaky_relu($x, 0.01)"},
      {"elu", "torch.elu($x)"},
      {"selu", "torch.selu($x)"},
      {"gelu", "torch.gelu($x)"},
      {"gelu_tanh", "torch.gelu($x, approximate=\"tanh\")"},
      {"silu", "torch.silu($x)"},
      {"swish", "torch.silu($x)"},
      {"mish", "torch.mish($x)"},
      {"softplus", "torch.softplus($x)"}};
  } // namespace



  ScriptStep
  assignment(const std::string &text)
  {
    return [text](const std::string &x) {
      std::string line = "  " + x + " = ";
      for (std::size_t i = 0; i < text.size(); ++i)
        if (text.compare(i, 2, "$x") == 0)
          {
            line += x;
            ++i;
          }
        else
          line += text[i];
      return line + "\n";
    };
  }



  ScriptStep
  activation_step(const std::string &text)
  {
    std::string name;
    for (const unsigned char c : text)
      name += std::tolower(c);
    const auto found = activations.find(name);
    if (found != activations.end())
      return assignment(found->second);
    try
      {
        const SyntaxTree tree(text, {{"x"}, {}, {}});
        require(tree.depends_on(0), "it does not depend on x");
        return [tree](const std::string &x) {
          std::string       lines;
          const std::string value = tree.torchscript({x}, x + "_", lines);
          return lines + "  " + x + " = " + value + "\n";
        };
      }
    catch (const Error &error)
      {
        std::string names;
        for (const auto &[known, script] : activations)
          names += known + ", ";
        throw Error("unknown activation '" + text + "', expected " + names +
                    "or an expression in x such as sin(30*x)");
      }
  }



  std::string
  chain_of_layers(const std::string             &x,
                  const std::vector<ScriptStep> &layers,
                  const std::vector<ScriptStep> &activations,
                  const std::vector<ScriptStep> &encoders)
  {
    std::string       lines;
    const std::string u = x + "_u", v = x + "_v";
    if (!encoders.empty())
      lines += "  " + v + " = " + x + "\n" + encoders[1](v) +
               activations[0](v) + "  " + u + " = " + x + "\n" +
               encoders[0](u) + activations[0](u) + "  " + u + " = " + u +
               " - " + v + "\n";
    for (std::size_t l = 0; l < layers.size(); ++l)
      {
        lines += layers[l](x);
        if (l >= activations.size())
          continue;
        lines += activations[l](x);
        if (!encoders.empty())
          lines += "  " + x + " = " + v + " + " + x + " * " + u + "\n";
      }
    return lines;
  }
} // namespace lsr
