// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Networks made, trained and saved by DeepXDE, PINA, PhysicsNeMo, Equinox and
// Flax: each file of origins/ is the network that its origin evaluated there.

#include <lsr/network/network.h>
#include <lsr/network/network_layout.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/fit.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <vector>

#include "base/npy.h"
#include "base/read_file.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  namespace fs = std::filesystem;

  const std::string root = LSR_TESTS "/network/origins/";

  /// A file of a network, and what its origin returned for it.
  struct Origin
  {
    std::string   file, values;
    unsigned int  n_inputs, n_outputs;
    NetworkLayout layout;

    Network
    load() const
    {
      return layout.load(root + file, n_inputs, n_outputs, {{}, inputs(), ""});
    }

    /// Networks are tried where they are used: degrees and millimetres.
    Network::Inputs
    inputs() const
    {
      Network::Inputs inputs;
      inputs.points = data().points;
      return inputs;
    }

    /// Points, with the values as targets.
    DataSet
    data() const
    {
      const NpyArray array =
        read_npy(read_file(root + values, "values of the origin"), values);
      const std::vector<double> x     = array.to_double(values);
      const std::size_t         width = n_inputs + n_outputs;
      EXPECT_EQ(array.shape,
                (std::vector<std::int64_t>{std::int64_t(x.size() / width),
                                           std::int64_t(width)}));
      DataSet data;
      data.points =
        make_block_of(n_inputs,
                      x.size() / width,
                      [&](const std::size_t d, const std::size_t i) {
                        return x[i * width + d];
                      });
      data.targets =
        make_column_of(x.size() / width * n_outputs, [&](const std::size_t k) {
          return x[k / n_outputs * width + n_inputs + k % n_outputs];
        });
      return data;
    }
  };

  std::vector<Origin>
  all_origins()
  {
    std::vector<Origin> origins;
    for (const auto &folder : fs::directory_iterator(root))
      if (folder.is_directory())
        {
          const auto name  = folder.path().filename().string() + "/";
          const auto index = nlohmann::json::parse(
            read_file(root + name + "origin.json", "a list of networks"));
          for (const auto &network : index.at("networks"))
            {
              Origin origin{name + network.at("file").get<std::string>(),
                            name + network.at("values").get<std::string>(),
                            network.at("inputs"),
                            network.at("outputs"),
                            {}};
              for (const auto &[entry, value] : network.at("layout").items())
                origin.layout.set(entry, value);
              origins.push_back(origin);
            }
        }
    std::sort(origins.begin(),
              origins.end(),
              [](const Origin &a, const Origin &b) { return a.file < b.file; });
    return origins;
  }

  std::string
  test_name(const testing::TestParamInfo<Origin> &info)
  {
    std::string name = info.param.file;
    for (char &c : name)
      if (!std::isalnum(static_cast<unsigned char>(c)))
        c = '_';
    return name;
  }

  Column
  values_of(const Network &network,
            const DataSet &data,
            const Column  &correction = {})
  {
    const Column q = make_column(data.targets.size());
    network.evaluate(data.points, q, correction);
    return q;
  }

  struct OriginTest : testing::TestWithParam<Origin>
  {};
} // namespace



// Weights are float32 in most files; values are those of the same weights in
// float64.
TEST_P(OriginTest, ReturnsWhatItsOriginDoes)
{
  const DataSet data = GetParam().data();
  EXPECT_LT(relative_difference(values_of(GetParam().load(), data),
                                data.targets),
            1e-12);
}



// Towards what it returns times a wave in its last coordinate.
TEST_P(OriginTest, IsRefined)
{
  const Network    network = GetParam().load();
  DataSet          data    = GetParam().data();
  const HostBlock  points  = to_host(data.points);
  const HostColumn values  = to_host(data.targets);
  const auto       x = [&, d = network.n_inputs() - 1](const std::size_t i) {
    return points(d, i);
  };
  double lower = x(0), upper = x(0);
  for (std::size_t i = 0; i < data.n_points(); ++i)
    {
      lower = std::min(lower, x(i));
      upper = std::max(upper, x(i));
    }
  set_entries(data.targets, [&](const std::size_t k) {
    const double t = (x(k / network.n_outputs()) - lower) / (upper - lower);
    return values(k) * (1 + 0.1 * std::sin(2 * t));
  });

  const ParameterBasis basis(network, 40, 1);
  FitParameters        parameters;
  parameters.choice.rank   = 40;
  parameters.choice.lambda = 0.;
  const Fit    result      = fit(basis, DataStream(data), parameters);
  const double before      = distance(values_of(network, data), data.targets);
  const double after =
    distance(values_of(network, data, result.correction), data.targets);
  EXPECT_LT(after, 0.2 * before);
}



INSTANTIATE_TEST_SUITE_P(Networks,
                         OriginTest,
                         testing::ValuesIn(all_origins()),
                         test_name);
