// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/fully_connected.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  FullyConnected
  modified_layout()
  {
    FullyConnected layout;
    layout.n_inputs     = 3;
    layout.n_outputs    = 2;
    layout.widths       = {6, 6};
    layout.architecture = "modified";
    layout.seed         = 5;
    return layout;
  }

  /// Reads matrices and vectors from a list of parameters, one after another.
  class ParameterReader
  {
  public:
    explicit ParameterReader(const HostColumn &theta)
      : theta(theta)
    {}

    /// $W x + b$, with the next $W$ and $b$.
    std::vector<double>
    linear(const std::vector<double> &x, const std::size_t n_outputs)
    {
      std::vector<double> y(n_outputs, 0.);
      for (double &value : y)
        for (const double entry : x)
          value += theta(next++) * entry;
      for (double &value : y)
        value += theta(next++);
      return y;
    }

    std::vector<double>
    hidden(const std::vector<double> &x, const std::size_t n_outputs)
    {
      std::vector<double> y = linear(x, n_outputs);
      for (double &value : y)
        value = std::tanh(value);
      return y;
    }

    std::size_t next = 0;

  private:
    const HostColumn theta;
  };
} // namespace



TEST(FullyConnected, ModifiedArchitectureIsItsFormulaInTheDocumentedOrder)
{
  const Network network      = modified_layout().build();
  const Block   points       = random_points(3, 4, -1., 1.);
  const Column  q_of_network = make_column(8);
  network.evaluate(points, q_of_network);
  const HostColumn values      = to_host(q_of_network);
  const HostBlock  host_points = to_host(points);
  for (std::size_t i = 0; i < 4; ++i)
    {
      const std::vector<double> x = {host_points(0, i),
                                     host_points(1, i),
                                     host_points(2, i)};
      ParameterReader           reader(to_host(network.parameters()));
      const auto          u = reader.hidden(x, 6), v = reader.hidden(x, 6);
      std::vector<double> h = x;
      for (unsigned int l = 0; l < 2; ++l)
        {
          h = reader.hidden(h, 6);
          for (std::size_t k = 0; k < 6; ++k)
            h[k] = h[k] * u[k] + (1. - h[k]) * v[k];
        }
      const auto q = reader.linear(h, 2);
      EXPECT_EQ(reader.next, network.n_parameters());
      EXPECT_NEAR(values(2 * i), q[0], 1e-14);
      EXPECT_NEAR(values(2 * i + 1), q[1], 1e-14);
    }
}



TEST(FullyConnected, FeaturesAndOutputAreTheirExpressions)
{
  FullyConnected layout;
  layout.n_outputs      = 2;
  layout.widths         = {5};
  layout.features       = "cos(3*x), sin(3*x), t";
  layout.output         = "exp(y) + x*(1 - x)*u, u1*u";
  const Network network = layout.build();

  const Block  points  = random_points(2, 4, -1., 1.);
  const Column outputs = make_column(8);
  network.evaluate(points, outputs);
  const HostColumn q = to_host(outputs);
  const HostBlock  p = to_host(points);
  for (std::size_t i = 0; i < 4; ++i)
    {
      const double    x = p(0, i), y = p(1, i);
      ParameterReader reader(to_host(network.parameters()));
      const auto      u =
        reader.linear(reader.hidden({std::cos(3. * x), std::sin(3. * x), y}, 5),
                      2);
      EXPECT_EQ(reader.next, network.n_parameters());
      EXPECT_NEAR(q(2 * i), std::exp(y) + x * (1. - x) * u[0], 1e-14);
      EXPECT_NEAR(q(2 * i + 1), u[0] * u[1], 1e-14);
    }
}



TEST(FullyConnected, NetworksOfThePaperHaveItsNumbersOfParameters)
{
  const auto count = [](const unsigned int n_inputs,
                        const unsigned int width,
                        const unsigned int n_hidden,
                        const std::string &architecture) {
    FullyConnected layout;
    layout.n_inputs     = n_inputs;
    layout.n_outputs    = width;
    layout.widths       = std::vector<unsigned int>(n_hidden, width);
    layout.architecture = architecture;
    return layout.build().n_parameters();
  };
  EXPECT_EQ(count(100, 50, 4, "plain") + count(1, 50, 4, "plain"), 25550);
  EXPECT_EQ(count(101, 100, 6, "modified") + count(2, 100, 6, "modified"),
            152700);
  EXPECT_EQ(count(100, 100, 5, "modified") + count(2, 100, 5, "modified"),
            132200);
}



TEST(FullyConnected, GlorotInitialization)
{
  FullyConnected layout;
  layout.n_inputs             = 40;
  layout.n_outputs            = 60;
  layout.widths               = {};
  layout.initialization       = "glorot";
  const Column     parameters = layout.build().parameters();
  const HostColumn theta      = to_host(parameters);
  double           sum = 0., square = 0., largest = 0.;
  for (std::size_t p = 0; p < 40 * 60; ++p)
    {
      sum += theta(p);
      square += theta(p) * theta(p);
      largest = std::max(largest, std::abs(theta(p)));
    }
  for (std::size_t p = 40 * 60; p < theta.size(); ++p)
    EXPECT_EQ(theta(p), 0.);

  // 2400 numbers of variance 1/50: five standard deviations of the means, and
  // a largest one that is none of uniform numbers.
  const double deviation = std::sqrt(1. / 50.);
  EXPECT_NEAR(sum / 2400, 0., 5. * deviation / std::sqrt(2400.));
  EXPECT_NEAR(square / 2400, 1. / 50., 5. / 50. * std::sqrt(2. / 2400.));
  EXPECT_GT(largest, 2.5 * deviation);

  const Column again = layout.build().parameters();
  EXPECT_EQ(relative_difference(again, parameters), 0.);
  layout.seed = 1;
  EXPECT_GT(relative_difference(layout.build().parameters(), parameters), 0.1);
}
