// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// ModuleBuilder: what is done to inputs and outputs, in numbers and
// expressions.

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cstdlib>

#include "network/column_expressions.h"
#include "network/layout_text.h"
#include "network/module_builder.h"

namespace lsr
{
  std::string
  ModuleBuilder::compile(const std::string &text,
                         const std::string &entry,
                         ColumnVariables    variables,
                         const TensorText  &tensor_text)
  {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i)
      {
        if (text[i] != '{')
          {
            plain += text[i];
            continue;
          }
        const std::size_t end = text.find('}', i);
        require(end != std::string::npos,
                entry + " = " + text + ": a brace is not closed");
        const std::size_t place =
          find_tensor(trim(text.substr(i + 1, end - i - 1)), entry);
        const std::string name = "tensor_" + std::to_string(place) + "_";
        variables.add(name, tensor_text(place));
        plain += " " + name + " ";
        i = end;
      }
    return compile_expression(plain,
                              entry + " = " + text,
                              variables,
                              "e" + std::to_string(++n_expressions) + "_",
                              script);
  }



  std::string
  ModuleBuilder::numbers(const std::string &text,
                         const std::string &entry,
                         const std::string &name)
  {
    const auto parts = split(text);
    if (parts.empty())
      return "";
    std::vector<double> values;
    for (const std::string &part : parts)
      {
        char *end = nullptr;
        values.push_back(std::strtod(part.c_str(), &end));
        if (part.empty() || *end != '\0')
          break;
        if (values.size() == parts.size())
          return use(name, values);
      }
    std::string tensor = trim(text);
    if (tensor.front() == '{' && tensor.back() == '}')
      tensor = trim(tensor.substr(1, tensor.size() - 2));
    const std::size_t place = find_tensor(tensor, entry);
    const at::Tensor &value = checkpoint.tensors[place].tensor;
    require(value.numel() == (value.dim() == 0 ? 1 : value.size(-1)),
            entry + " = " + tensor + " has sizes " + c10::str(value.sizes()) +
              ", expected a vector");
    return use(place, value.reshape({-1}), is_trained.count(place) > 0);
  }



  void
  ModuleBuilder::require_size(const std::string &member_text,
                              const std::string &entry,
                              const std::int64_t expected) const
  {
    if (member_text.empty())
      return;
    for (const Member &used : members)
      if (member(used.name) == member_text)
        require(used.tensor.numel() == 1 || used.tensor.numel() == expected,
                entry + " has " + std::to_string(used.tensor.numel()) +
                  " numbers, expected 1 or " + std::to_string(expected));
  }



  void
  ModuleBuilder::scale_inputs()
  {
    const std::string mean =
      numbers(layout.input_mean, "Input mean", "input_mean");
    const std::string deviation =
      numbers(layout.input_deviation, "Input deviation", "input_deviation");
    require_size(mean, "Input mean", n_inputs);
    require_size(deviation, "Input deviation", n_inputs);
    if (!mean.empty())
      script += "  x = x - " + mean + "\n";
    if (!deviation.empty())
      script += "  x = x / " + deviation + "\n";
  }



  std::int64_t
  ModuleBuilder::make_features(const Columns &inputs)
  {
    const auto features = split(layout.features);
    if (features.empty())
      return inputs.n;
    const ColumnVariables    variables = input_variables(inputs.text, inputs.n);
    std::int64_t             n         = 0;
    std::vector<std::string> columns;
    for (const std::string &feature : features)
      {
        std::int64_t width = 1;
        columns.push_back(
          compile(feature, "Features", variables, [&](const std::size_t place) {
            const at::Tensor  &tensor = checkpoint.tensors[place].tensor;
            const std::int64_t n_here =
              tensor.dim() < 2 ? tensor.numel() : tensor.numel() / inputs.n;
            require(width == 1 || n_here == 1 || n_here == width,
                    "Features = " + feature + ": tensors of " +
                      std::to_string(width) + " and " + std::to_string(n_here) +
                      " features in one");
            width = std::max(width, n_here);
            return feature_tensor(place, inputs);
          }));
        n += width;
      }
    script += "  " + inputs.text + " = torch.cat([" +
              join(columns, [](const std::string &c) { return c; }) + "], 1)\n";
    return n;
  }



  std::string
  ModuleBuilder::feature_tensor(const std::size_t place, const Columns &inputs)
  {
    const Checkpoint::Entry &entry        = checkpoint.tensors[place];
    const at::Tensor        &tensor       = entry.tensor;
    const bool               is_parameter = is_trained.count(place) > 0;
    if (tensor.dim() < 2)
      return use(place, tensor.reshape({-1}), is_parameter);
    require(tensor.dim() == 2 &&
              (tensor.size(0) == inputs.n) != (tensor.size(1) == inputs.n),
            "tensor " + describe(entry) +
              " in Features does not show its "
              "product with " +
              std::to_string(inputs.n) +
              " inputs: one of its two sizes has to be that number");
    const bool is_transposed = tensor.size(0) == inputs.n;
    return "torch.linear(" + inputs.text + ", " +
           use(place,
               is_transposed ? tensor.t().contiguous() : tensor,
               is_parameter) +
           ")";
  }



  void
  ModuleBuilder::finish_outputs()
  {
    if (!layout.output_basis.empty())
      multiply_basis();
    const std::string deviation =
      numbers(layout.output_deviation, "Output deviation", "output_deviation");
    const std::string mean =
      numbers(layout.output_mean, "Output mean", "output_mean");
    require_size(mean, "Output mean", width);
    require_size(deviation, "Output deviation", width);
    if (!deviation.empty())
      script += "  x = x * " + deviation + "\n";
    if (!mean.empty())
      script += "  x = x + " + mean + "\n";

    const auto expressions = split(layout.output);
    if (expressions.empty())
      return;
    std::vector<std::string> values;
    for (std::size_t c = 0; c < expressions.size(); ++c)
      values.push_back(output_value(expressions, c));
    script += "  x = " + side_by_side(values) + "\n";
  }



  std::string
  ModuleBuilder::output_value(const std::vector<std::string> &expressions,
                              const std::size_t               c)
  {
    // Coordinates are those of the user.
    ColumnVariables variables =
      input_variables("points" + (first_coordinate > 0 ?
                                    "[:, " + std::to_string(first_coordinate) +
                                      ":" + std::to_string(n_inputs) + "]" :
                                    ""),
                      std::int64_t(n_inputs) - first_coordinate);
    add_output_variables(variables, "x", width);
    if (expressions.size() == 1 || std::int64_t(expressions.size()) == width)
      variables.add("u", expressions.size() == 1 ? "x" : column("x", c));
    const std::int64_t n = expressions.size() == 1 ? width : 1;
    return compile(
      expressions[c], "Output", variables, [&](const std::size_t place) {
        const Checkpoint::Entry &entry = checkpoint.tensors[place];
        require(entry.tensor.numel() == 1 || entry.tensor.numel() == n,
                "Output = " + expressions[c] + ": tensor " + describe(entry) +
                  ", expected " +
                  (n == 1 ? "one number" :
                            "1 or " + std::to_string(n) + " numbers"));
        return use(place,
                   entry.tensor.reshape({-1}),
                   is_trained.count(place) > 0);
      });
  }



  void
  ModuleBuilder::multiply_basis()
  {
    const std::size_t place =
      find_tensor(trim(layout.output_basis), "Output basis");
    const at::Tensor &basis = checkpoint.tensors[place].tensor;
    require(basis.dim() == 2 && basis.size(1) == width,
            "Output basis " + describe(checkpoint.tensors[place]) +
              ", expected one of sizes [values, " + std::to_string(width) +
              "], as the layers return");
    script += "  x = torch.linear(x, " +
              use(place, basis, is_trained.count(place) > 0) + ")\n";
    width = basis.size(0);
  }
} // namespace lsr
