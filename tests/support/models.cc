// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "support/models.h"

#include <lsr/network/fully_connected.h>

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
      add(
        "no linear layers",
        {{"w1", {11, 2}}, {"b1", {11}}, {"w2", {11, 1}}},
        "def forward(self, x):\n"
        "  h = torch.tanh(torch.einsum('ni,oi->no', [x, self.w1]) + self.b1)\n"
        "  return torch.matmul(h, self.w2)\n");
      add("products with transposed matrices",
          {{"w1", {11, 2}},
           {"b1", {11}},
           {"w2", {11, 11}},
           {"b2", {11}},
           {"w3", {1, 11}}},
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.matmul(x, torch.t(self.w1)) + self.b1)\n"
          "  h = torch.addmm(self.b2, h, self.w2.permute([1, 0]))\n"
          "  return torch.mm(torch.tanh(h), self.w3.transpose(0, 1))\n");
      add("a loop in the model",
          {{"w1", {17, 2}}, {"b1", {17}}, {"w2", {17, 17}}, {"w3", {1, 17}}},
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  for i in range(x.size(1) + 1):\n"
          "    h = torch.tanh(torch.linear(h, self.w2))\n"
          "  return torch.linear(h, self.w3)\n");
      return zoo;
    }



    std::vector<std::pair<std::string, Network>>
    layer_zoo()
    {
      std::vector<std::pair<std::string, Network>> zoo;
      const auto add = [&zoo](const std::string            &name,
                              const unsigned int            n_inputs,
                              const std::vector<Parameter> &parameters,
                              const std::string            &body) {
        zoo.emplace_back(name,
                         Network::load_bytes(torchscript(parameters, body),
                                             name,
                                             n_inputs));
      };

      const std::vector<Parameter> two_hidden = {{"w1", {12, 2}},
                                                 {"b1", {12}},
                                                 {"w2", {12, 12}},
                                                 {"b2", {12}},
                                                 {"w3", {1, 12}},
                                                 {"b3", {1}}};
      add("relu",
          2,
          two_hidden,
          "def forward(self, x):\n"
          "  h = torch.relu(torch.linear(x, self.w1, self.b1))\n"
          "  h = torch.relu(torch.linear(h, self.w2, self.b2))\n"
          "  return torch.linear(h, self.w3, self.b3)\n");
      add("tanh_sin",
          2,
          two_hidden,
          "def act(self, x):\n"
          "  return torch.tanh(torch.sin(3.141592653589793 * (x + 1))) + x\n"
          "def forward(self, x):\n"
          "  h = self.act(torch.linear(x, self.w1, self.b1))\n"
          "  h = self.act(torch.linear(h, self.w2, self.b2))\n"
          "  return torch.linear(h, self.w3, self.b3)\n");

      const std::vector<Parameter> two_subnetworks = {{"bw1", {9, 5}},
                                                      {"bb1", {9}},
                                                      {"bw2", {9, 9}},
                                                      {"bb2", {9}},
                                                      {"bw3", {9, 9}},
                                                      {"bb3", {9}},
                                                      {"tw1", {9, 2}},
                                                      {"tb1", {9}},
                                                      {"tw2", {9, 9}},
                                                      {"tb2", {9}},
                                                      {"tw3", {9, 9}},
                                                      {"tb3", {9}},
                                                      {"offset", {1}},
                                                      {"weights", {3}}};
      const std::string            sensors_and_coordinates =
        "def forward(self, x):\n"
        "  b1 = torch.tanh(torch.linear(x[:, 0:5], self.bw1, self.bb1))\n"
        "  b2 = torch.tanh(torch.linear(b1, self.bw2, self.bb2))\n"
        "  b3 = torch.linear(b2, self.bw3, self.bb3)\n"
        "  t1 = torch.tanh(torch.linear(x[:, 5:], self.tw1, self.tb1))\n"
        "  t2 = torch.tanh(torch.linear(t1, self.tw2, self.tb2))\n"
        "  t3 = torch.linear(t2, self.tw3, self.tb3)\n";
      add("deeponet",
          7,
          {two_subnetworks.begin(), two_subnetworks.end() - 1},
          sensors_and_coordinates +
            "  return torch.sum(b3 * t3, 1, True) + self.offset\n");
      add("multionet",
          7,
          two_subnetworks,
          sensors_and_coordinates +
            "  s1 = torch.sum(b1 * t1, [1])\n"
            "  s2 = torch.sum(b2 * t2, [1])\n"
            "  s3 = torch.sum(b3 * t3, [1])\n"
            "  y = self.weights[0] * s1 + self.weights[1] * s2 + "
            "self.weights[2] * s3\n"
            "  return y / 3 + self.offset\n");
      add("modified MLP",
          2,
          {{"wu", {10, 2}},
           {"bu", {10}},
           {"wv", {10, 2}},
           {"bv", {10}},
           {"w1", {10, 2}},
           {"b1", {10}},
           {"w2", {10, 10}},
           {"b2", {10}},
           {"w3", {2, 10}},
           {"b3", {2}}},
          "def forward(self, x):\n"
          "  u = torch.tanh(torch.linear(x, self.wu, self.bu))\n"
          "  v = torch.tanh(torch.linear(x, self.wv, self.bv))\n"
          "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  h = h * u + (1 - h) * v\n"
          "  h = torch.tanh(torch.linear(h, self.w2, self.b2))\n"
          "  h = h * u + (1 - h) * v\n"
          "  return torch.linear(h, self.w3, self.b3)\n");

      const std::vector<Parameter> two_convolutions = {{"k1", {4, 1, 3, 3}},
                                                       {"c1", {4}},
                                                       {"k2", {6, 4, 2, 3}},
                                                       {"w1", {7, 96}},
                                                       {"b1", {7}},
                                                       {"w2", {3, 7}},
                                                       {"b2", {3}}};
      for (const std::string activation : {"relu", "tanh"})
        add("convolutions with " + activation,
            64,
            two_convolutions,
            "def forward(self, x):\n"
            "  h = x.reshape(-1, 1, 8, 8)\n"
            "  h = torch." +
              activation +
              "(torch.conv2d(h, self.k1, self.c1, [2, 2], [1, 1]))\n"
              "  h = torch." +
              activation +
              "(torch._convolution(h, self.k2, None, [1, 1], [0, 2], [1, 2], "
              "False, [0, 0], 1, False, False, True, True))\n"
              "  h = torch.reshape(torch.cat([h, 2 * h], 2), [-1, 144])\n"
              "  h = torch." +
              activation +
              "(torch.linear(h[:, 0:96], self.w1, self.b1))\n"
              "  return torch.linear(h, self.w2, self.b2)\n");
      add("a convolution used twice",
          36,
          {{"k1", {2, 2, 3, 3}}, {"c1", {2}}, {"w1", {2, 36}}},
          "def forward(self, x):\n"
          "  h = torch.cat([x, 1 - x], 1).view(-1, 2, 6, 6)\n"
          "  h = torch.tanh(torch.conv2d(h, self.k1, self.c1, 1, 1))\n"
          "  h = torch.tanh(torch.conv2d(h, self.k1, self.c1, [2, 1], 1))\n"
          "  return torch.linear(torch.flatten(h, 1), self.w1)\n");
      add("several vectors for a point",
          6,
          {{"w1", {8, 2}},
           {"b1", {8}},
           {"w2", {8, 8}},
           {"b2", {8}},
           {"w3", {2, 8}}},
          "def forward(self, x):\n"
          "  h = torch.reshape(x, [-1, 3, 2])\n"
          "  h = torch.tanh(torch.linear(h, self.w1, self.b1))\n"
          "  h = torch.reshape(h, [-1, 8])\n"
          "  h = torch.tanh(torch.linear(h, self.w2, self.b2))\n"
          "  h = torch.mean(torch.reshape(h, [-1, 3, 8]), [1])\n"
          "  return torch.linear(h, self.w3)\n");
      add("normalization layers",
          32,
          {{"k1", {3, 2, 3, 3}},
           {"c1", {3}},
           {"buffer_mean", {3}},
           {"buffer_spread", {3}},
           {"scale", {3}},
           {"shift", {3}},
           {"w1", {9, 48}},
           {"layer_scale", {9}},
           {"layer_shift", {9}},
           {"w2", {2, 9}}},
          "def forward(self, x):\n"
          "  h = torch.conv2d(x.view(-1, 2, 4, 4), self.k1, self.c1, 1, 1)\n"
          "  h = torch.batch_norm(h, self.scale, self.shift, self.buffer_mean, "
          "self.buffer_spread * self.buffer_spread + 0.5, False, 0.1, 1e-5, "
          "False)\n"
          "  h = torch.linear(torch.flatten(torch.tanh(h), 1), self.w1)\n"
          "  h = torch.layer_norm(h, [9], self.layer_scale, "
          "self.layer_shift)\n"
          "  return torch.linear(torch.sin(h), self.w2)\n");
      add("elementwise parameters",
          3,
          {{"w1", {11, 3}},
           {"a", {11}},
           {"b", {1, 11}},
           {"c", {11}},
           {"w2", {2, 11}},
           {"d", {1}},
           {"e", {1, 2}}},
          "def forward(self, x):\n"
          "  h = self.a * torch.linear(x, self.w1) - self.b\n"
          "  h = torch.tanh(h) / (2 + self.a) + self.c * torch.sin(h)\n"
          "  return torch.linear(h, self.w2) * self.d - self.e\n");
      add("layers with and without their bias",
          2,
          {{"w1", {10, 2}},
           {"b1", {10}},
           {"w2", {10, 10}},
           {"b2", {10}},
           {"w3", {2, 10}}},
          "def forward(self, x):\n"
          "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
          "  h = torch.tanh(torch.linear(h, self.w2))\n"
          "  h = torch.tanh(torch.linear(h, self.w2, self.b2))\n"
          "  return torch.linear(h + torch.linear(x, self.w1), self.w3)\n");

      FullyConnected layout;
      layout.n_outputs = 2;
      layout.widths    = {8, 7};
      zoo.emplace_back("jets", layout.build_jets({1., 0.5}));
      layout.widths       = {8, 8, 8};
      layout.architecture = "modified";
      zoo.emplace_back("modified architecture", layout.build());
      zoo.emplace_back("jets of the modified architecture",
                       layout.build_jets({1., 0.5}));
      layout.activation = "sin";
      layout.features   = "cos(3*x), sin(3*x), y";
      layout.output     = "exp(y) + x*(1 - x)*u1, u1*u2";
      zoo.emplace_back("features and an output by expressions", layout.build());
      return zoo;
    }



    std::vector<std::pair<std::string, Network>>
    all_models()
    {
      auto models = model_zoo();
      for (auto &model : layer_zoo())
        models.push_back(std::move(model));
      return models;
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



    Block
    identity(const std::size_t n)
    {
      return make_block_of(n, n, [](const std::size_t i, const std::size_t j) {
        return i == j ? 1. : 0.;
      });
    }



    void
    set_entry(const Column &column, const std::size_t i, const double value)
    {
      Kokkos::deep_copy(Kokkos::subview(column, Kokkos::make_pair(i, i + 1)),
                        value);
    }



    void
    add(const double alpha, const Column &x, const Column &y)
    {
      const HostColumn a = to_host(x), b = to_host(y);
      set_entries(y, [&](const std::size_t i) { return b(i) + alpha * a(i); });
    }



    Column
    to_column(const std::vector<double> &numbers)
    {
      return make_column_of(numbers.size(),
                            [&](const std::size_t i) { return numbers[i]; });
    }



    std::vector<double>
    to_vector(const Column &column)
    {
      const HostColumn host = to_host(column);
      return std::vector<double>(host.data(), host.data() + host.size());
    }



    double
    distance(const Column &a, const Column &b)
    {
      const HostColumn x = to_host(a), y = to_host(b);
      double           sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        sum += (x(i) - y(i)) * (x(i) - y(i));
      return std::sqrt(sum);
    }



    double
    relative_difference(const Block &a, const Block &b)
    {
      const HostBlock host_a = to_host(a), host_b = to_host(b);
      double          difference = 0, scale = 0;
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
