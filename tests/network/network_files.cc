// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Networks as people have them: files in cases/NAME, written by PyTorch 2.15,
// with the values of the original in float64 (value.csv), or with these plus
// PyTorch's derivative in some direction of the parameters (tangent.csv). Each
// is read right, with derivatives that are those of its values, or refused with
// a message of one line.

#include <lsr/base/exceptions.h>
#include <lsr/network/network.h>
#include <lsr/network/network_layout.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/tangent_basis.h>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "network/jacobian.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /// What is expected of a file.
  struct File
  {
    std::string name;

    // Of the number of parameters, 0: whatever it is.
    std::size_t n_parameters = 0;

    unsigned int n_outputs = 1;
    std::string  inputs    = "";

    // In the description.
    std::vector<std::string> words = {};

    double mean_square = 1e-20;

    std::string file = "net.pt";
  };

  std::ostream &
  operator<<(std::ostream &out, const File &file)
  {
    return out << file.name;
  }

  std::string
  case_file(const std::string &name, const std::string &file)
  {
    return std::string(LSR_TESTS) + "/network/cases/" + name + "/" + file;
  }

  std::string
  read_bytes(const std::string &path)
  {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  DataSet
  read(const std::string &name,
       const std::string &file      = "value.csv",
       const unsigned int n_outputs = 1)
  {
    return read_data_set(case_file(name, file), {n_outputs, true, false});
  }

  std::vector<double>
  numbers(const Block &block)
  {
    return to_vector(Column(block.data(), block.size()));
  }

  Network
  load(const File &file, const DataSet &data)
  {
    return Network::load(case_file(file.name, file.file),
                         data.points.extent(0),
                         file.n_outputs,
                         {{}, {file.inputs, data.points}, ""});
  }

  Column
  values(const Network &network, const DataSet &data)
  {
    const Column q = make_column(data.targets.size());
    network.evaluate(data.points, q);
    return q;
  }

  double
  mean_square(const Network &network, const DataSet &data)
  {
    return std::pow(distance(values(network, data), data.targets), 2) /
           data.targets.size();
  }

  class NetworkFiles : public testing::TestWithParam<File>
  {};

  TEST_P(NetworkFiles, Values)
  {
    SCOPED_TRACE(GetParam().name);
    const File &file    = GetParam();
    const auto  data    = read(file.name, "value.csv", file.n_outputs);
    const auto  before  = numbers(data.points);
    const auto  network = load(file, data);
    EXPECT_LE(mean_square(network, data), file.mean_square);
    EXPECT_EQ(numbers(data.points), before);
    if (file.n_parameters > 0)
      EXPECT_EQ(network.n_parameters(), file.n_parameters);
    for (const std::string &word : file.words)
      expect_contains(network.description(), word);
    // Few points at a time give the same.
    const auto  all = to_vector(values(network, data));
    const Block last =
      columns(data.points, data.n_points() - 1, data.n_points());
    const Column q = make_column(file.n_outputs);
    network.evaluate(last, q);
    for (unsigned int c = 0; c < file.n_outputs; ++c)
      EXPECT_NEAR(to_vector(q)[c],
                  all[all.size() - file.n_outputs + c],
                  1e-12 * (1 + std::abs(to_vector(q)[c])));
  }

  TEST_P(NetworkFiles, Derivatives)
  {
    SCOPED_TRACE(GetParam().name);
    const File       &file    = GetParam();
    const auto        data    = read(file.name, "value.csv", file.n_outputs);
    Network           network = load(file, data);
    const std::size_t n = data.targets.size(), m = network.n_parameters();
    const Column      theta = network.parameters();
    const Block       V     = random_block(m, 9, 3);
    const Block       JV    = make_block(n, 9);
    network.jacobian_times(data.points, V, JV);

    // Against differences.
    const Column     difference = make_column(n);
    constexpr double h          = 1e-6;
    for (const int side : {-1, 1})
      {
        const Column moved = make_column(m);
        Kokkos::deep_copy(moved, theta);
        add(side * h, Kokkos::subview(V, Kokkos::ALL(), 0), moved);
        network.set_parameters(moved);
        add(side / (2 * h), values(network, data), difference);
      }
    network.set_parameters(theta);
    Column first = make_column(n);
    Kokkos::deep_copy(first, Kokkos::subview(JV, Kokkos::ALL(), 0));
    EXPECT_LT(relative_difference(first, difference), 1e-5);

    // Forward mode, whatever way was taken; and J^T U.
    const Block forward = make_block(n, 9);
    NetworkJacobian(network, data.points).forward_mode_times(V, forward);
    EXPECT_LT(relative_difference(forward, JV), 1e-11);
    const Block U = random_block(n, 1, 4), JTU = make_block(m, 1);
    network.transposed_jacobian_times(data.points, U, JTU);
    const auto u = numbers(U), jtu = numbers(JTU), jv = to_vector(first),
               v = numbers(V);
    double left = 0, right = 0, scale = 0;
    for (std::size_t i = 0; i < n; ++i)
      {
        left += u[i] * jv[i];
        scale += std::abs(u[i] * jv[i]);
      }
    for (std::size_t i = 0; i < m; ++i)
      right += jtu[i] * v[i];
    EXPECT_NEAR(left, right, 1e-11 * scale);
  }

  TEST_P(NetworkFiles, RefinedNetworks)
  {
    SCOPED_TRACE(GetParam().name);
    const File   &file       = GetParam();
    const auto    data       = read(file.name, "value.csv", file.n_outputs);
    const auto    network    = load(file, data);
    const Column  correction = random_column(network.n_parameters(), 5);
    const Column  expected   = make_column(data.targets.size());
    const Network refined    = network.refined(correction);
    network.evaluate(data.points, expected, correction);
    EXPECT_GT(relative_difference(values(network, data), expected), 1e-6);
    EXPECT_EQ(relative_difference(values(refined, data), expected), 0.);

    // The names of inputs are in the file.
    const TemporaryFolder folder;
    refined.save(folder.file("refined.pt"));
    const Network loaded = Network::load(folder.file("refined.pt"),
                                         network.n_inputs(),
                                         file.n_outputs,
                                         {{}, {"", data.points}, ""});
    EXPECT_EQ(relative_difference(values(loaded, data), expected), 0.);
    EXPECT_EQ(loaded.description(), network.description());
  }

  TEST_P(NetworkFiles, TangentsOfPyTorch)
  {
    const File &file = GetParam();
    if (!std::filesystem::exists(case_file(file.name, "tangent.csv")))
      return;
    const auto        data    = read(file.name, "tangent.csv");
    const auto        network = load(file, data);
    const std::size_t m       = network.n_parameters();
    DataMisfit        misfit(data.targets);
    const auto        refinement =
      refine(ExplicitBasis(network, identity(m), "all", false),
             Sampling{data.points, {}},
             misfit);
    EXPECT_GT(refinement.initial_norm, 1e-3);
    EXPECT_LT(refinement.refined_norm, 1e-9 * refinement.initial_norm);
  }

  TEST_P(NetworkFiles, AreWrittenAndReadAgain)
  {
    const File &file    = GetParam();
    const auto  data    = read(file.name, "value.csv", file.n_outputs);
    const auto  network = load(file, data);
    const auto  path =
      std::filesystem::temp_directory_path() / ("lsr_" + file.name + ".pt");
    network.save(path.string());
    const auto again = Network::load(path.string(),
                                     data.points.extent(0),
                                     file.n_outputs,
                                     {{}, {file.inputs, data.points}, ""});
    std::filesystem::remove(path);
    EXPECT_EQ(to_vector(values(again, data)), to_vector(values(network, data)));
    EXPECT_EQ(again.description(), network.description());
    EXPECT_EQ(to_vector(values(network.clone(), data)),
              to_vector(values(network, data)));
  }

  const std::vector<File> files = {
    {"act-rmsnorm"},
    {"attention-script"},
    {"buffer-bool-index", 0, 1, "", {"linear layers"}},
    {"buffer-bool-not", 151},
    {"buffer-bool-union", 151},
    {"buffer-int-index"},
    {"cast-feature-float", 151, 1, "", {"casts to Float", "3 linear"}, 1e-13},
    {"complex-fno-layer"},
    {"complex-parameter"},
    {"dde-deeponet-cartesian", 0, 1, "branch: 8, trunk: 2"},
    {"dde-deeponet-cartesian", 0, 1, "", {"subnetworks"}},
    {"dde-deeponet-trace", 0, 1, "", {"subnetworks"}},
    {"default-argument-float", 151, 1, "", {"3 linear"}},
    {"default-argument-none", 151, 1, "", {"3 linear"}},
    {"default-float64-linspace-script", 21},
    {"default-float64-zeros-fill-script", 151},
    {"dict-argument", 151, 1, "x, y", {"3 linear"}},
    {"domain-log", 151, 1, "", {"3 linear"}},
    {"domain-relu-dead"},
    {"dtype-of-weights-trace-f32", 0, 1, "", {"casts to Float", "3 linear"}},
    {"file-cuda-traced-device", 151, 1, "", {"3 linear"}},
    {"file-pt2", 151, 1, "", {"3 linear"}, 1e-20, "net.pt2"},
    {"fourier-plain-script"},
    {"frozen", 151, 1, "", {"3 linear"}},
    {"grid-sample"},
    {"gru"},
    {"inplace-input-clamp", 151},
    {"inplace-ops", 105, 1, "", {"3 linear"}},
    {"int-parameter-exponents", 11},
    {"list-output", 0, 2},
    {"output-3d", 151},
    {"rbf-cdist"},
    {"sdpa-script"},
    {"shared-wide", 1185, 1, "", {"4 linear layers"}},
    {"squeeze", 151, 1, "", {"3 linear"}},
    {"tied-f64", 105, 1, "", {"4 linear layers"}},
    {"transformer-trace"},
    {"tuple-argument", 151, 1, "", {"3 linear"}},
    {"unused-large", 151, 1, "", {"3 linear layers"}},
    {"weight-norm-new-trace"},
    {"attention-0-trace", 0, 1, ""},
    {"attention-1-script", 0, 1, ""},
    {"transformer-3-trace", 0, 1, ""},
    {"cdist-0-script", 0, 1, ""},
    {"cdist-2-trace", 0, 1, ""},
    {"gridsample-bicubic-reflection-True", 0, 1, ""},
    {"gridsample-3d-trace", 0, 1, ""},
    {"gridsample-nearest-border-False", 0, 1, ""},
    {"act-prelu-trace", 0, 1, ""},
    {"act-hardsig-trace", 0, 1, ""},
    {"recurrent-1-trace", 0, 1, ""},
    {"domain-rbf-trace", 0, 1, ""},
    {"inplace-slices-script", 0, 1, ""},
    {"inplace-columns-trace", 0, 1, ""},
    {"complex-linear-script", 0, 1, ""},
    {"deeponet-5-script", 0, 2, ""},
    {"deeponet-7-trace", 0, 1, ""},
    {"tied-unused-script", 0, 1, ""},
    {"sig-order", 0, 1, "x,y,t"},
    {"sig-dict", 0, 2, "t,u:2"},
    {"where-0-trace", 0, 1, ""},
    {"where-2-script", 0, 1, ""},
    {"weightnorm-2-trace", 0, 1, ""},
    {"int-floordiv-script", 0, 1, ""},
    {"cast-2-script", 0, 1, "", {}, 1e-13},
    {"cast-1-trace-f64", 0, 1, "", {}, 1e-13},
    {"out-tuple-script", 0, 2, ""},
    {"sig-cat", 0, 1, ""},
    {"where-sqrt-nan-gradient"},
    {"zeros-fill-float32", 151, 1, "", {}, 1e-13}};

  std::string
  test_name(const testing::TestParamInfo<File> &info)
  {
    std::string name = info.param.name + "_" + std::to_string(info.index);
    for (char &c : name)
      if (std::isalnum(c) == 0)
        c = '_';
    return name;
  }

  INSTANTIATE_TEST_SUITE_P(All,
                           NetworkFiles,
                           testing::ValuesIn(files),
                           test_name);



  /// A file that is refused, and words of the message.
  struct BadFile
  {
    std::string              name, file;
    unsigned int             n_inputs = 2;
    std::vector<std::string> words;
  };

  TEST(NetworkFiles, CheckpointsNeedALayout)
  {
    for (const std::string name : {"file-state-dict", "file-checkpoint"})
      {
        SCOPED_TRACE(name);
        const std::string path = case_file(name, "net.pt");
        const DataSet     data = read(name);
        NetworkLayout     layout;
        layout.architecture   = "fully connected";
        layout.activation     = "tanh";
        const Network network = layout.load(path, 2, 1);
        EXPECT_LE(mean_square(network, data), 1e-20);
        EXPECT_TRUE(network.layered());
        expect_contains(message([&]() { Network::load(path, 2, 1); }),
                        path,
                        "a.weight [10, 2]",
                        "Network/Layout");
      }
  }



  TEST(NetworkFiles, DamageIsSeenOrHarmless)
  {
    const TemporaryFolder folder;
    const std::string     good =
      read_bytes(case_file("fourier-plain-script", "net.pt"));
    const Block points = read("fourier-plain-script").points;
    const auto  values = [&](const std::string &bytes) {
      const Network network =
        Network::load(folder.write("net.pt", bytes), 2, 1);
      const Column q = make_column(points.extent(1));
      network.evaluate(points, q);
      return to_vector(q);
    };
    const std::vector<double> expected  = values(good);
    unsigned int              n_refused = 0;
    for (std::size_t i = 50; i < good.size(); i += good.size() / 60)
      {
        std::string damaged = good;
        damaged[i] ^= 4;
        try
          {
            EXPECT_EQ(values(damaged), expected) << "byte " << i;
          }
        catch (const Error &)
          {
            ++n_refused;
          }
      }
    EXPECT_GT(n_refused, 20u);
  }

  TEST(NetworkFiles, AreRefused)
  {
    const std::vector<BadFile> bad_files = {
      {"assert-in-forward", "net.pt", 2, {"this network needs x, y and t"}},
      {"autocast-trace", "net.pt", 2, {"BFloat16", "autocast"}},
      {"dict-argument",
       "net.pt",
       2,
       {"dictionary", "'x', 'y'", "Network/Inputs", "--inputs"}},
      {"file-html", "net.pt", 2, {"HTML"}},
      {"file-npz", "net.npz", 2, {"npz"}},
      {"file-onnx", "net.onnx", 2, {"ONNX"}},
      {"file-torch-save-module", "net.pt", 2, {"torch.save", "torch.jit"}},
      {"raise", "net.pt", 2, {"I want three columns, got 2"}},
      {"no-grad-script", "net.pt", 2, {"torch.no_grad()"}},
      {"trace-baked-batch", "net.pt", 2, {"16 points", "traced"}},
      {"squeeze", "net.pt", 3, {"3 coordinates", "2"}}};
    for (const BadFile &bad : bad_files)
      {
        SCOPED_TRACE(bad.name);
        const std::string path = case_file(bad.name, bad.file);
        const std::string text =
          message([&]() { Network::load(path, bad.n_inputs); });
        expect_contains(text, path);
        for (const std::string &word : bad.words)
          expect_contains(text, word);
        for (const std::string word :
             {"INTERNAL ASSERT", "does it expect", "\n"})
          EXPECT_EQ(text.find(word), std::string::npos) << text;
      }
  }
} // namespace
