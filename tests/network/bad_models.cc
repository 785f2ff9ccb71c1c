// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Bad models, files and shapes are one lsr::Error with a message of one line
// that names the culprit, and do no harm to later calls.

#include <lsr/base/exceptions.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/network.h>
#include <lsr/network/training.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "network/jacobian.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  namespace fs = std::filesystem;

  using Words = std::vector<std::string>;

  /// Parameters and beginning of the models below: y is a good prediction.
  const std::vector<Parameter> parameters = {{"w1", {9, 2}},
                                             {"b1", {9}},
                                             {"w2", {1, 9}},
                                             {"buffer_x", {1}}};

  const std::string good_lines =
    "def forward(self, x):\n"
    "  y = torch.linear(torch.tanh(torch.linear(x, self.w1, self.b1)), "
    "self.w2)\n";

  std::string
  good_model()
  {
    return torchscript(parameters, good_lines + "  return y\n");
  }

  /// A good model but for its last line(s).
  std::string
  model(const std::string &last_lines)
  {
    return torchscript(parameters, good_lines + last_lines);
  }

  std::vector<double>
  values(const Network &network)
  {
    const Block  points = random_points(network.n_inputs(), 5);
    const Column q      = make_column(5 * network.n_outputs());
    network.evaluate(points, q);
    return to_vector(q);
  }

  /// The action throws an Error of one line with all these words in it.
  template <typename Action>
  void
  expect_error(const Action &action, const Words &words)
  {
    try
      {
        action();
      }
    catch (const Error &error)
      {
        const std::string message = error.what();
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_LT(message.size(), 500) << message;
        for (const std::string &word : words)
          EXPECT_NE(message.find(word), std::string::npos)
            << "'" << word << "' is not in: " << message;
        return;
      }
    catch (const std::exception &exception)
      {
        ADD_FAILURE() << "not an lsr::Error: " << exception.what();
        return;
      }
    ADD_FAILURE() << "nothing was thrown";
  }

  /// Loading the bytes of a model fails and names it.
  void
  expect_bad(const std::string                &bytes,
             Words                             words,
             const unsigned int                n_inputs  = 2,
             const std::optional<unsigned int> n_outputs = std::nullopt)
  {
    const std::string name = "some/folder/model.pt";
    words.push_back(name);
    expect_error(
      [&]() { Network::load_bytes(bytes, name, n_inputs, n_outputs); }, words);
  }

  /// A look at a good model before and after each test.
  class BadModels : public testing::Test
  {
  protected:
    BadModels()
      : good(good_model())
      , good_values(values(Network::load_bytes(good, "good", 2, 1)))
    {}

    void
    TearDown() override
    {
      EXPECT_EQ(values(Network::load_bytes(good, "good", 2, 1)), good_values);
    }

    /// Loading a file fails and names it.
    void
    expect_bad_file(const std::string &name, Words words) const
    {
      SCOPED_TRACE(name);
      const std::string path = folder.file(name);
      words.push_back(path);
      expect_error([&]() { Network::load(path, 2, 1); }, words);
    }

    const TemporaryFolder     folder;
    const std::string         good;
    const std::vector<double> good_values;
  };



  TEST_F(BadModels, FilesThatAreNoModels)
  {
    expect_bad_file("missing.pt", {"no such file", "expected a network"});
    fs::create_directory(folder.file("folder.pt"));
    expect_bad_file("folder.pt", {"not a regular file", "expected a network"});
    folder.write("empty.pt", "");
    expect_bad_file("empty.pt", {"empty file", "expected a network"});
    folder.write("below.pt", good);
    expect_bad_file("below.pt/file.pt", {});
    for (const std::size_t size : {5, 100, 100000})
      {
        folder.write("text.pt", std::string(size, 'x'));
        expect_bad_file("text.pt", {"not a TorchScript model"});
      }

    std::mt19937 generator(1);
    std::string  bytes(10000, ' ');
    for (char &byte : bytes)
      byte = generator();
    folder.write("random.pt", bytes);
    expect_bad_file("random.pt", {"not a TorchScript model"});
    folder.write("almost.pt", good.substr(0, 64) + bytes);
    expect_bad_file("almost.pt", {"not a complete zip archive"});
  }



  TEST_F(BadModels, TruncatedFiles)
  {
    for (std::size_t eighth = 1; eighth < 8; ++eighth)
      {
        folder.write("truncated.pt", good.substr(0, eighth * good.size() / 8));
        expect_bad_file("truncated.pt", {"not a complete zip archive"});
      }
    folder.write("truncated.pt", good.substr(0, good.size() - 1));
    expect_bad_file("truncated.pt", {"not a complete zip archive"});
  }



  // A byte that has changed may go unnoticed (it is a weight), but not
  // otherwise than by an Error.
  TEST_F(BadModels, DamagedFilesAreAnErrorOrAModel)
  {
    std::size_t n_errors = 0;
    for (std::size_t i = 0; i < good.size(); i += 101)
      {
        std::string damaged = good;
        damaged[i] ^= 0x55;
        try
          {
            Network::load_bytes(damaged, "damaged", 2, 1);
          }
        catch (const Error &error)
          {
            ++n_errors;
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos)
              << error.what();
          }
        catch (const std::exception &exception)
          {
            ADD_FAILURE() << "byte " << i << ": " << exception.what();
          }
      }
    EXPECT_GT(n_errors, 0);
  }



  TEST_F(BadModels, NumberOfInputs)
  {
    expect_bad(good, {"3 coordinates", "number of inputs"}, 3);
    expect_bad(good, {"1 coordinates", "number of inputs"}, 1);
    expect_bad(good, {"at least one input"}, 0);
    expect_bad(torchscript(parameters,
                           "def forward(self, x, y):\n"
                           "  return torch.linear(torch.cat([x, y], 1), "
                           "self.w1, self.b1)\n"),
               {"2 arguments", "3 inputs"},
               3);
    const Network::Scaling scaling = {{0., 0., 0.}, {}, {}, {}};
    expect_error(
      [&]() {
        Network::load_bytes(good, "model.pt", 2, 1, {scaling, {}, ""});
      },
      {"model.pt", "input shift", "3 entries", "expected 2"});
  }



  TEST_F(BadModels, NumberOfOutputs)
  {
    expect_bad(good, {"1 outputs", "expected 2"}, 2, 2);
    expect_bad(model("  return y, y, y\n"), {"3 outputs", "expected 1"}, 2, 1);
    const Network::Scaling scaling = {{}, {}, {}, {1., 2.}};
    expect_error(
      [&]() {
        Network::load_bytes(good, "model.pt", 2, 1, {scaling, {}, ""});
      },
      {"model.pt", "output scale", "2 entries", "expected 1"});
  }



  TEST_F(BadModels, WeightsThatAreNotFinite)
  {
    const std::string path = folder.file("model.pt");
    for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity()})
      {
        Network      network = Network::load_bytes(good, "good", 2);
        const Column theta   = network.parameters();
        set_entry(theta, 20, value); // after the 18 entries of w1
        network.set_parameters(theta);
        network.save(path);
        expect_bad(folder.read("model.pt"), {"'b1'", "not finite"});
      }
  }



  TEST_F(BadModels, ValuesThatAreNotFinite)
  {
    for (const std::string value :
         {"y / 0.0", "torch.log(y - 100)", "torch.exp(y + 1000)"})
      expect_bad(model("  return " + value + "\n"), {"values", "not finite"});
  }



  TEST_F(BadModels, StatefulForward)
  {
    expect_bad(model("  self.buffer_x = self.buffer_x + 1.0\n"
                     "  return y\n"),
               {"'buffer_x'", "stateful"});
    // Without an assignment, by changing the tensor itself.
    expect_bad(model("  self.buffer_x.add_(1.0)\n"
                     "  return y * self.buffer_x\n"),
               {"deterministic"});
    expect_bad(model("  self.w2.mul_(1.5)\n"
                     "  return y\n"),
               {});
  }



  TEST_F(BadModels, RandomValues)
  {
    for (const std::string value : {"y + torch.rand_like(y)",
                                    "y + 1e-9 * torch.randn_like(y)",
                                    "torch.dropout(y, 0.5, True)"})
      expect_bad(model("  return " + value + "\n"), {"deterministic"});
  }



  TEST_F(BadModels, ValuesThatDependOnTheBatch)
  {
    for (const std::string value : {"y - torch.mean(y)",
                                    "y + 0.1 * torch.sum(x)",
                                    "torch.softmax(y, 0)",
                                    "torch.flip(y, [0])",
                                    "torch.cumsum(y, 0)",
                                    "y * x.size(0)",
                                    "y[0:2]"})
      {
        SCOPED_TRACE(value);
        expect_bad(model("  return " + value + "\n"), {});
      }
    expect_bad(model("  return y - torch.mean(y)\n"), {"other points"});
    expect_bad(model("  return y * x.size(0)\n"), {"size of the batch"});
  }



  TEST_F(BadModels, ValuesWithoutDerivatives)
  {
    for (const std::string value : {"y.detach()",
                                    "torch.round(100.0 * y) / 100.0",
                                    "torch.sign(y)",
                                    "torch.sum(x, [1], True)",
                                    "0.0 * y",
                                    "(y > 0.0).double()"})
      {
        SCOPED_TRACE(value);
        expect_bad(model("  return " + value + "\n"), {"not differentiable"});
      }
    expect_bad(model("  return y + 2.0 * y.detach()\n"),
               {"finite differences", "detach"});
  }



  TEST_F(BadModels, LowerPrecision)
  {
    expect_bad(model("  return y.float()\n"), {"float64", "casts"});
    expect_bad(model("  return y.half()\n"), {"casts to Half", "autocast"});
    // Back in float64 it is the derivatives that tell.
    expect_bad(model("  return y.float().double()\n"), {"derivatives"});
  }



  TEST_F(BadModels, ModulesThatAreNotFunctionsOfPoints)
  {
    expect_bad(torchscript({}, "def forward(self, x):\n  return x\n"),
               {"no parameters"});
    expect_bad(torchscript({{"buffer_x", {2}}},
                           "def forward(self, x):\n"
                           "  return x * self.buffer_x\n"),
               {"no parameters"});
    expect_bad(torchscript(parameters,
                           "def forward(self):\n  return self.w1\n"),
               {"no arguments"});
    expect_bad(torchscript(parameters,
                           "def predict(self, x):\n  return x * self.b1\n"),
               {"forward()"});
    expect_bad(torchscript(parameters,
                           "def forward(self, x: int):\n  return self.w1\n"),
               {});
  }



  TEST_F(BadModels, ShapesOfTheOutput)
  {
    expect_bad(model("  return torch.t(y)\n"), {"[1, 64]", "[64, n_outputs]"});
    expect_bad(model("  return torch.sum(y)\n"), {"[]", "[64, n_outputs]"});
    expect_bad(model("  return torch.unsqueeze(y, 0)\n"), {"[1, 64, 1]"});
    expect_bad(model("  return 1.0\n"), {"float", "tensor"});
    expect_bad(model("  return None\n"), {"None", "tensor"});
    for (const std::string value :
         {"[y]", "{'y': y}", "(y,)", "y.squeeze(1)", "y.unsqueeze(1)"})
      EXPECT_EQ(values(Network::load_bytes(
                  model("  return " + value + "\n"), "model.pt", 2, 1)),
                good_values);
    expect_bad(model("  return y, 1\n"), {"tuple", "Int"});
    expect_bad(model("  return y[:, 0:0]\n"), {"0 outputs"});
  }



  TEST_F(BadModels, ExceptionsInsideTheModel)
  {
    for (const std::string text : {"no licence", "no licence\\nat all"})
      {
        SCOPED_TRACE(text);
        expect_bad(model("  assert x.size(0) < 0, '" + text +
                         "'\n"
                         "  return y\n"),
                   {"no licence"});
      }
    expect_bad(model("  return torch.matmul(y, y)\n"), {});
  }



  TEST_F(BadModels, SavingWhereNothingCanBeWritten)
  {
    const auto   network    = Network::load_bytes(good, "good", 2);
    const Column correction = random_column(network.n_parameters());
    folder.write("file", "a file");
    fs::create_directory(folder.file("folder"));
    const auto before = folder.contents();
    for (const std::string name :
         {"file/model.pt", "nowhere/model.pt", "folder"})
      {
        SCOPED_TRACE(name);
        const std::string path = folder.file(name);
        expect_error([&]() { network.save(path); }, {path});
        expect_error([&]() { network.save(path, correction); }, {path});
        EXPECT_EQ(folder.contents(), before);
      }
  }



  TEST_F(BadModels, SavingOnAFullDiskKeepsTheOldFile)
  {
    const std::string path       = folder.file("model.pt");
    const auto        network    = Network::load_bytes(good, "good", 2);
    const Column      correction = random_column(network.n_parameters());
    network.save(path, correction);
    const std::size_t size   = fs::file_size(path);
    const auto        before = folder.contents();
    for (const std::size_t n_bytes : {std::size_t(0), size / 2, size - 1})
      {
        const auto on_full_disk = [n_bytes](const auto &action) {
          return [=]() {
            const FullDisk limit(n_bytes);
            action();
          };
        };
        SCOPED_TRACE(n_bytes);
        expect_error(on_full_disk([&]() { network.save(path, correction); }),
                     {path});
        EXPECT_EQ(folder.contents(), before);
        expect_error(on_full_disk([&]() {
                       network.save(path, {}, {{"extra", good}});
                     }),
                     {path});
        EXPECT_EQ(folder.contents(), before);
      }
    EXPECT_EQ(values(Network::load(path, 2, 1).unrefined()), good_values);
  }



  TEST_F(BadModels, ShapesOfArguments)
  {
    Network      network = Network::load_bytes(good, "model.pt", 2, 1);
    const Block  points  = random_points(2, 5);
    const Column q       = make_column(5);
    const auto   m       = network.n_parameters();
    expect_error([&]() { network.evaluate(random_points(3, 5), q); },
                 {"model.pt", "3 coordinates", "expected 2"});
    expect_error([&]() { network.evaluate(points, make_column(4)); },
                 {"model.pt"});
    expect_error([&]() { network.evaluate(points, q, make_column(m + 1)); },
                 {"model.pt", "correction", std::to_string(m + 1)});
    expect_error([&]() { network.set_parameters(make_column(m - 1)); },
                 {std::to_string(m - 1), std::to_string(m)});
    expect_error(
      [&]() {
        network.jacobian_times(points, make_block(m + 1, 2), make_block(5, 2));
      },
      {"model.pt", std::to_string(m + 1), std::to_string(m)});
    expect_error(
      [&]() {
        network.jacobian_times(points, make_zero_block(m, 2), make_block(5, 1));
      },
      {"model.pt"});
    expect_error(
      [&]() { NetworkJacobian(network, points).rows(make_block(4, m)); },
      {"model.pt"});
    expect_error(
      [&]() { network.evaluate_laplacians(points, 3, make_column(5)); },
      {"model.pt", "3 of 2 inputs"});
    EXPECT_EQ(values(network), good_values);
  }



  TEST_F(BadModels, LayoutsThatCannotBeBuilt)
  {
    FullyConnected layout;
    layout.widths                 = {5};
    const auto expect_unbuildable = [](const FullyConnected &layout,
                                       const Words          &words) {
      expect_error([&]() { layout.build(); }, words);
    };
    EXPECT_EQ(layout.build().n_parameters(), 2 * 5 + 5 + 5 + 1);

    FullyConnected bad = layout;
    bad.activation     = "magic";
    expect_unbuildable(bad, {"'magic'", "tanh"});
    bad            = layout;
    bad.activation = "tanh(x) + torch.sin";
    expect_unbuildable(bad, {"unknown activation"});
    bad        = layout;
    bad.widths = {5, 0, 5};
    expect_unbuildable(bad, {"at least one unit"});
    bad           = layout;
    bad.n_outputs = 0;
    expect_unbuildable(bad, {"at least one unit"});
    bad          = layout;
    bad.n_inputs = 0;
    expect_unbuildable(bad, {"at least one input"});
    bad             = layout;
    bad.input_shift = {1., 2., 3.};
    expect_unbuildable(bad, {"3 entries", "expected 2"});
    bad              = layout;
    bad.architecture = "residual";
    expect_unbuildable(bad, {"'residual'", "plain or modified"});
    bad                = layout;
    bad.initialization = "zero";
    expect_unbuildable(bad, {"'zero'", "uniform or glorot"});
    bad              = layout;
    bad.architecture = "modified";
    bad.widths       = {5, 6};
    expect_unbuildable(bad, {"5 and 6 units", "one width"});
    bad          = layout;
    bad.features = "x, sin(w)";
    expect_unbuildable(bad, {"features = sin(w)", "x, y, t, x1, x2"});
    bad.features    = "x, y";
    bad.input_scale = {1., 2.};
    expect_unbuildable(bad, {"features", "scaled"});
    bad        = layout;
    bad.output = "u, x*u";
    expect_unbuildable(bad, {"2 expressions", "each of the 1 outputs"});
    bad.output = "u*v";
    expect_unbuildable(bad, {"output = u*v", "u1, u"});
    bad.n_outputs = 2;
    bad.output    = "u1*u2";
    expect_unbuildable(bad, {"1 values", "expected 2"});
    bad        = layout;
    bad.output = "x*u";
    expect_error([&]() { bad.build_jets({1., 1.}); }, {"jets", "output"});
  }



  TEST_F(BadModels, TrainingDataThatDoNotFitLeaveTheNetworkAlone)
  {
    Network            network = Network::load_bytes(good, "model.pt", 2, 1);
    TrainingParameters one_epoch;
    one_epoch.epochs              = 1;
    const auto expect_untrainable = [&](const Block              &points,
                                        const Column             &targets,
                                        const TrainingParameters &training,
                                        const Words              &words) {
      expect_error([&]() { train(network, points, targets, training); }, words);
      EXPECT_EQ(values(network), good_values);
    };
    const Block points = random_points(2, 6);
    expect_untrainable(points,
                       make_column(5),
                       one_epoch,
                       {"training", "5 targets", "expected 6"});
    expect_untrainable(random_points(3, 6),
                       make_column(6),
                       one_epoch,
                       {"training", "3 coordinates", "expected 2"});
    expect_untrainable(make_block(2, 0),
                       make_column(0),
                       one_epoch,
                       {"training"});
    const Column not_finite = make_column(6);
    set_entry(not_finite, 2, std::numeric_limits<double>::quiet_NaN());
    expect_untrainable(points,
                       not_finite,
                       one_epoch,
                       {"training", "not finite"});
    TrainingParameters empty_batches = one_epoch;
    empty_batches.batch_size         = 0;
    expect_untrainable(points,
                       make_column(6),
                       empty_batches,
                       {"training", "empty mini-batches"});
    TrainingParameters wild = one_epoch;
    wild.learning_rate      = std::numeric_limits<double>::infinity();
    expect_untrainable(points,
                       make_column(6),
                       wild,
                       {"training", "not finite"});
  }



  TEST_F(BadModels, RefinementOfSizesThatDoNotFit)
  {
    constexpr std::size_t n       = 12;
    const Network         network = Network::load_bytes(good, "good", 2, 1);
    const std::size_t     m       = network.n_parameters();
    const Sampling        sampling{random_points(2, n), {}};
    DataMisfit            misfit(make_column(n));
    RefinementParameters  parameters;
    const StructuredBasis basis(network, 8, 1);
    EXPECT_LT(refine(basis, sampling, misfit).refined_norm,
              refine(basis, sampling, misfit).initial_norm);

    DataMisfit of_other_points(make_column(n + 1));
    expect_error([&]() { refine(basis, sampling, of_other_points); },
                 {"12 values", "13"});

    parameters.rank = 9;
    expect_error([&]() { refine(basis, sampling, misfit, parameters); },
                 {"rank 9", "8"});
    parameters.rank = 0;
    expect_error([&]() { refine(basis, sampling, misfit, parameters); },
                 {"rank 0", "positive"});

    expect_error(
      [&]() { refine(StructuredBasis(network, n + 1, 1), sampling, misfit); },
      {"13 directions", "12", "rows"});

    expect_error(
      [&]() {
        ExplicitBasis(network, make_zero_block(m - 1, 3), "explicit", false);
      },
      {std::to_string(m - 1) + " rows", std::to_string(m) + " parameters"});

    const Column targets = make_column(n);
    set_entry(targets, 0, std::numeric_limits<double>::infinity());
    DataMisfit not_finite(targets);
    expect_error([&]() { refine(basis, sampling, not_finite); },
                 {"residual", "not finite"});
  }



  TEST_F(BadModels, RandomizedDecompositionsOfTooHighRank)
  {
    const Network     network   = Network::load_bytes(good, "good", 2, 1);
    const std::size_t m         = network.n_parameters();
    const auto        decompose = [&](const std::size_t             n_points,
                               const TangentBasisParameters &svd) {
      return randomized_svd(network,
                            Sampling{random_points(2, n_points), {}},
                            Communicator(),
                            svd);
    };
    TangentBasisParameters svd;
    svd.oversampling = 2;
    svd.n_directions = 10;
    EXPECT_EQ(decompose(12, svd)->n_directions(), 10);

    // More than rows, then more than parameters.
    svd.n_directions = 11;
    expect_error([&]() { decompose(12, svd); },
                 {"rank 11", "oversampling 2", "12 rows"});
    svd.n_directions = m - 1;
    expect_error([&]() { decompose(10 * m, svd); },
                 {"rank " + std::to_string(m - 1),
                  std::to_string(m) + " parameters"});
    svd.n_directions = 0;
    expect_error([&]() { decompose(12, svd); }, {"rank 0"});
    svd.n_directions = std::numeric_limits<std::size_t>::max();
    expect_error([&]() { decompose(12, svd); }, {"rank", "12 rows"});
  }
} // namespace
