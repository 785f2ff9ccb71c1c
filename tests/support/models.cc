// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "support/models.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>

namespace lsr
{
  namespace test
  {
    std::string
    torchscript(const std::vector<Parameter> &parameters,
                const std::string            &source,
                const bool                    single_precision)
    {
      std::mt19937_64                  generator(7);
      std::normal_distribution<double> normal;
      torch::jit::Module               module("Model");
      for (const Parameter &parameter : parameters)
        {
          at::Tensor   tensor = at::empty(parameter.sizes, at::kDouble);
          const double scale =
            parameter.sizes.size() > 1 ?
              1. / std::sqrt(double(parameter.sizes.back())) :
              0.3;
          for (std::int64_t i = 0; i < tensor.numel(); ++i)
            tensor.data_ptr<double>()[i] = scale * normal(generator);
          if (single_precision)
            tensor = tensor.to(at::kFloat);
          const bool is_buffer = parameter.name.rfind("buffer", 0) == 0;
          module.register_parameter(parameter.name, tensor, is_buffer);
        }
      module.define(source);
      std::ostringstream stream;
      module.save(stream);
      return stream.str();
    }



    std::vector<std::pair<std::string, Network>>
    model_zoo()
    {
      std::vector<std::pair<std::string, Network>> zoo;
      const auto add = [&zoo](const std::string            &name,
                              const std::vector<Parameter> &parameters,
                              const std::string            &body,
                              const bool single_precision = false) {
        zoo.emplace_back(
          name,
          Network::load_bytes(torchscript(parameters, body, single_precision),
                              name,
                              2));
      };

      const std::vector<Parameter> two_hidden = {{"w1", {12, 2}},
                                                 {"b1", {12}},
                                                 {"w2", {12, 12}},
                                                 {"b2", {12}},
                                                 {"w3", {1, 12}},
                                                 {"b3", {1}}};
      for (const std::string activation :
           {"tanh", "sin", "gelu", "silu", "softplus", "sigmoid"})
        add(activation,
            two_hidden,
            "def forward(self, x):\n"
            "  h = torch." +
              activation +
              "(torch.linear(x, self.w1, self.b1))\n"
              "  h = torch." +
              activation +
              "(torch.linear(h, self.w2, self.b2))\n"
              "  return torch.linear(h, self.w3, self.b3)\n");
      add("residual",
          two_hidden,
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  h = h + torch.sin(torch.linear(h, self.w2, self.b2))\n"
          "  return torch.linear(h, self.w3, self.b3)\n");
      add("float32 weights",
          two_hidden,
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  h = torch.tanh(torch.linear(h, self.w2, self.b2))\n"
          "  return torch.linear(h, self.w3, self.b3)[:, 0]\n",
          true);
      add("branches",
          {{"w1", {9, 1}},
           {"b1", {9}},
           {"w2", {9, 1}},
           {"b2", {9}},
           {"w3", {9, 9}},
           {"offset", {1}}},
          "def forward(self, x):\n"
          "  a = torch.tanh(torch.linear(x[:, 0:1], self.w1, self.b1))\n"
          "  b = torch.silu(torch.linear(x[:, 1:2], self.w2, self.b2))\n"
          "  b = torch.linear(b, self.w3)\n"
          "  return torch.sum(a * b, [1], True) + self.offset\n");
      add(
        "two arguments, two outputs, shared weights",
        {{"w1", {8, 2}},
         {"b1", {8}},
         {"w2", {8, 8}},
         {"b2", {8}},
         {"w3", {2, 8}}},
        "def forward(self, x, t):\n"
        "  h = torch.tanh(torch.linear(torch.cat([x, t], 1), self.w1, self.b1))\n"
        "  h = torch.tanh(torch.linear(h, self.w2, self.b2))\n"
        "  h = torch.tanh(torch.linear(h, self.w2, self.b2))\n"
        "  y = torch.linear(h, self.w3)\n"
        "  return y[:, 0], y[:, 1]\n");
      add("standardized inputs and a gate",
          {{"buffer_shift", {2}},
           {"w1", {10, 2}},
           {"b1", {10}},
           {"w2", {10, 10}},
           {"b2", {10}},
           {"w3", {3, 10}}},
          "def forward(self, x):\n"
          "  x = (x - self.buffer_shift) * 1.5\n"
          "  u = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  h = torch.tanh(torch.linear(u, self.w2, self.b2))\n"
          "  h = h * u + (1 - h) * torch.sin(u)\n"
          "  return torch.linear(h, self.w3)\n");
      add("no linear layers",
          {{"w1", {11, 2}}, {"b1", {11}}, {"w2", {11, 1}}},
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.matmul(x, torch.t(self.w1)) + self.b1)\n"
          "  return torch.matmul(h, self.w2)\n");
      add("a loop in the model",
          {{"w1", {17, 2}}, {"b1", {17}}, {"w2", {17, 17}}, {"w3", {1, 17}}},
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  for i in range(x.size(1) + 1):\n"
          "    h = torch.tanh(torch.linear(h, self.w2))\n"
          "  return torch.linear(h, self.w3)\n");
      return zoo;
    }



    Block
    random_points(const unsigned int  dim,
                  const std::size_t   n_points,
                  const double        lower,
                  const double        upper,
                  const std::uint64_t seed)
    {
      std::mt19937_64                        generator(seed);
      std::uniform_real_distribution<double> uniform(lower, upper);
      const Block                            points = make_block(dim, n_points);
      const auto host = Kokkos::create_mirror_view(points);
      for (std::size_t i = 0; i < n_points; ++i)
        for (unsigned int d = 0; d < dim; ++d)
          host(d, i) = uniform(generator);
      Kokkos::deep_copy(points, host);
      return points;
    }



    Block
    random_block(const std::size_t   n_rows,
                 const std::size_t   n_columns,
                 const std::uint64_t seed)
    {
      std::mt19937_64                  generator(seed);
      std::normal_distribution<double> normal;
      const Block                      block = make_block(n_rows, n_columns);
      const auto                       host = Kokkos::create_mirror_view(block);
      for (std::size_t j = 0; j < n_columns; ++j)
        for (std::size_t i = 0; i < n_rows; ++i)
          host(i, j) = normal(generator);
      Kokkos::deep_copy(block, host);
      return block;
    }



    Column
    random_column(const std::size_t n_rows, const std::uint64_t seed)
    {
      return Kokkos::subview(random_block(n_rows, 1, seed), Kokkos::ALL(), 0);
    }



    double
    relative_difference(const Block &a, const Block &b)
    {
      const auto host_a =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a);
      const auto host_b =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), b);
      double difference = 0, scale = 0;
      for (std::size_t j = 0; j < b.extent(1); ++j)
        for (std::size_t i = 0; i < b.extent(0); ++i)
          {
            // Written such that a NaN is a difference.
            const double d = std::abs(host_a(i, j) - host_b(i, j));
            if (!(d <= difference))
              difference = d;
            scale = std::max(scale, std::abs(host_b(i, j)));
          }
      return difference / scale;
    }



    double
    relative_difference(const Column &a, const Column &b)
    {
      return relative_difference(as_block(a), as_block(b));
    }
  } // namespace test
} // namespace lsr
