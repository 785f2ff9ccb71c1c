// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/operator_surrogate.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /// Branch and trunk in files of a folder that is removed at the end.
  struct Files
  {
    explicit Files(const std::string &architecture)
      : folder(std::filesystem::temp_directory_path() /
               ("lsr_surrogate_" + architecture))
    {
      std::filesystem::create_directories(folder);
      branch_layout.n_inputs  = 7;
      branch_layout.n_outputs = 5;
      branch_layout.widths    = {6};
      branch_layout.build().save(branch());
      trunk_layout.n_outputs    = 5;
      trunk_layout.widths       = {9, 9};
      trunk_layout.architecture = architecture;
      trunk_layout.seed         = 3;
      trunk_layout.build().save(trunk());
    }

    ~Files()
    {
      std::filesystem::remove_all(folder);
    }

    std::string
    branch() const
    {
      return folder / "branch.pt";
    }

    std::string
    trunk() const
    {
      return folder / "trunk.pt";
    }

    const std::filesystem::path folder;
    FullyConnected              branch_layout, trunk_layout;
  };

  /// The values of a network at some points.
  std::vector<double>
  evaluate(const Network &network, const Block &points)
  {
    const Column values = make_column(points.extent(1) * network.n_outputs());
    network.evaluate(points, values);
    return to_vector(values);
  }

  const std::vector<double> sensors = {0.1, -0.4, 0.8, 1.2, 0.3, -2., 0.7};
} // namespace

TEST(OperatorSurrogate, InstanceIsTheProductOfBranchAndTrunk)
{
  for (const std::string architecture : {"plain", "modified"})
    {
      const Files             files(architecture);
      const OperatorSurrogate surrogate(
        files.branch(), files.trunk(), 7, 2, files.trunk_layout);

      const Column input  = to_column(sensors);
      const Block  points = random_points(2, 20);
      const auto   b = evaluate(files.branch_layout.build(), as_block(input));
      const auto   t = evaluate(files.trunk_layout.build(), points);
      const auto   q = evaluate(surrogate.instance(sensors), points);
      for (unsigned int i = 0; i < 20; ++i)
        {
          double product = 0;
          for (unsigned int k = 0; k < 5; ++k)
            product += b[k] * t[5 * i + k];
          EXPECT_NEAR(q[i], product, 1e-14);
        }
    }
}

TEST(OperatorSurrogate, RefusesATrunkOfOtherLayers)
{
  const Files    files("plain");
  FullyConnected other = files.trunk_layout;
  other.widths         = {9, 9, 9};
  try
    {
      OperatorSurrogate(files.branch(), files.trunk(), 7, 2, other);
      FAIL() << "accepted";
    }
  catch (const Error &error)
    {
      EXPECT_NE(std::string(error.what()).find("parameters, expected"),
                std::string::npos)
        << error.what();
    }
}
