// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/network/network_script.h>

#include <torch/csrc/jit/api/module.h>

#include <cmath>
#include <random>
#include <sstream>

#include "network/torch_support.h"

namespace lsr
{
  NetworkScript::NetworkScript(const std::string &input)
    : text("def forward(self, " + input + "):\n")
  {}



  void
  NetworkScript::line(const std::string &statement)
  {
    text += "  " + statement + "\n";
  }



  void
  NetworkScript::add_layer(const std::string               &name,
                           const std::vector<std::int64_t> &weight_sizes,
                           const unsigned int               n_in)
  {
    const double spread = 1. / std::sqrt(double(n_in));
    parameters.push_back({name + "_weight", weight_sizes, 0., spread});
    parameters.push_back({name + "_bias", {weight_sizes[0]}, 0., spread});
  }



  std::string
  NetworkScript::linear(const std::string &input,
                        const std::string &name,
                        const unsigned int n_in,
                        const unsigned int n_out)
  {
    add_layer(name, {n_out, n_in}, n_in);
    return "torch.linear(" + input + ", self." + name + "_weight, self." +
           name + "_bias)";
  }



  std::string
  NetworkScript::fully_connected(const std::string               &input,
                                 const std::string               &name,
                                 const std::vector<unsigned int> &widths)
  {
    require(widths.size() >= 2,
            "NetworkScript::fully_connected(): " +
              std::to_string(widths.size()) +
              " widths, expected those of input and output at least");
    std::string values = input;
    for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer)
      values = linear(layer == 0 ? values : "torch.tanh(" + values + ")",
                      name + std::to_string(layer),
                      widths[layer],
                      widths[layer + 1]);
    return values;
  }



  std::string
  NetworkScript::convolution(const std::string &input,
                             const std::string &name,
                             const unsigned int n_in,
                             const unsigned int n_out,
                             const unsigned int kernel,
                             const unsigned int stride,
                             const unsigned int padding)
  {
    add_layer(name, {n_out, n_in, kernel, kernel}, n_in * kernel * kernel);
    const auto pair = [](const unsigned int n) {
      return "[" + std::to_string(n) + ", " + std::to_string(n) + "]";
    };
    return "torch.conv2d(" + input + ", self." + name + "_weight, self." +
           name + "_bias, " + pair(stride) + ", " + pair(padding) + ")";
  }



  std::string
  NetworkScript::vector(const std::string &name,
                        const unsigned int n,
                        const double       value)
  {
    parameters.push_back({name, {n}, value, 0.});
    return "self." + name;
  }



  Network
  NetworkScript::build(const std::string  &name,
                       const unsigned int  n_inputs,
                       const unsigned int  n_outputs,
                       const std::uint64_t seed) const
  {
    const std::string bytes = guarded(name, [&]() {
      std::mt19937_64                        generator(seed);
      std::uniform_real_distribution<double> uniform(-1., 1.);
      torch::jit::Module                     module("Network");
      for (const Parameter &parameter : parameters)
        {
          at::Tensor tensor = at::empty(parameter.sizes, at::kDouble);
          for (std::int64_t i = 0; i < tensor.numel(); ++i)
            tensor.data_ptr<double>()[i] =
              parameter.center + parameter.spread * uniform(generator);
          module.register_parameter(parameter.name,
                                    tensor,
                                    /* is_buffer = */ false);
        }
      module.define(text);
      std::ostringstream stream;
      module.save(stream);
      return stream.str();
    });
    return Network::load_bytes(bytes, name, n_inputs, n_outputs);
  }
} // namespace lsr
