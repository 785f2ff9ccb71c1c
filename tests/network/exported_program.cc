// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Files of torch.export are the networks that TorchScript of the same modules
// is: the same parameters in the same order, the same fast path, values and
// derivatives. Files that are damaged or hold what is not known are one error.

#include <lsr/base/exceptions.h>
#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "base/zip_archive.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  const std::string folder = LSR_TESTS "/network/exported/";

  /// A file of the folder, with the number of inputs and outputs.
  struct Case
  {
    std::string  file;
    std::string  original;
    unsigned int n_inputs, n_outputs;
  };

  std::ostream &
  operator<<(std::ostream &stream, const Case &one)
  {
    return stream << one.file;
  }

  const std::vector<Case> cases = {
    {"mlp-2.15.pt2", "mlp", 2, 2},
    {"mlp-static-2.15.pt2", "mlp", 2, 2},
    {"mlp-core-2.15.pt2", "mlp", 2, 2},
    {"residual-2.15.pt2", "residual", 2, 1},
    {"residual-core-2.15.pt2", "residual", 2, 1},
    {"attention-2.15.pt2", "attention", 3, 1},
    {"attention-static-2.15.pt2", "attention", 3, 1},
    {"attention-core-2.15.pt2", "attention", 3, 1},
    {"modified-mlp-2.15.pt2", "modified-mlp", 2, 1},
    {"convolution-2.15.pt2", "convolution", 3, 2},
    {"convolution-core-2.15.pt2", "convolution", 3, 2},
    {"fourier-2.15.pt2", "fourier", 2, 1},
    {"fourier-core-2.15.pt2", "fourier", 2, 1},
    {"deeponet-2.15.pt2", "deeponet", 6, 1},
    {"deeponet-tuple-2.15.pt2", "deeponet-tuple", 6, 6},
    {"mlp-2.8.pt2", "mlp", 2, 2},
    {"residual-2.8.pt2", "residual", 2, 1},
    {"fourier-2.8.pt2", "fourier", 2, 1},
    {"residual-2.5.pt2", "residual", 2, 1},
    {"attention-2.5.pt2", "attention", 3, 1},
    {"deeponet-2.5.pt2", "deeponet", 6, 1},
    {"attention-2.3.pt2", "attention", 3, 1},
    {"deeponet-2.3.pt2", "deeponet", 6, 1},
    {"multi-head-2.15.pt2", "multi-head", 3, 1},
    {"multi-head-static-2.15.pt2", "multi-head", 3, 1},
    {"multi-head-core-2.15.pt2", "multi-head", 3, 1},
    {"masks-2.15.pt2", "masks", 2, 1},
    {"masks-core-2.15.pt2", "masks", 2, 1},
    {"sdpa-2.15.pt2", "sdpa", 3, 1},
    {"gates-2.15.pt2", "gates", 2, 1}};

  Network
  load(const Case &one, const std::string &file)
  {
    return Network::load(folder + file, one.n_inputs, one.n_outputs);
  }

  bool
  has_torchscript(const Case &one)
  {
    return std::filesystem::exists(folder + one.original + ".pt");
  }

  /// Inputs and outputs of the original, one point in a row.
  std::vector<std::vector<double>>
  read_table(const std::string &path)
  {
    std::ifstream                    file(path);
    std::vector<std::vector<double>> table;
    for (std::string line; std::getline(file, line);)
      {
        table.emplace_back();
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');)
          table.back().push_back(std::stod(field));
      }
    return table;
  }

  class Exported : public testing::TestWithParam<Case>
  {};



  TEST_P(Exported, ValuesOfTheOriginal)
  {
    const Case   &one     = GetParam();
    const Network network = load(one, one.file);
    const auto    table   = read_table(folder + one.original + ".csv");
    ASSERT_EQ(table.size(), 9);
    const Block points =
      make_block_of(one.n_inputs,
                    table.size(),
                    [&](const std::size_t i, const std::size_t point) {
                      return table[point][i];
                    });
    const Column q = make_column(table.size() * one.n_outputs);
    network.evaluate(points, q);
    const std::vector<double> found = to_vector(q);
    for (std::size_t point = 0; point < table.size(); ++point)
      for (unsigned int k = 0; k < one.n_outputs; ++k)
        EXPECT_NEAR(found[point * one.n_outputs + k],
                    table[point].at(one.n_inputs + k),
                    1e-13);
  }



  // The description, in which old files have other names for the inputs.
  std::string
  without_names(const Network &network)
  {
    return std::regex_replace(network.description(),
                              std::regex("\\w+ (\\(\\d+\\))"),
                              "$1");
  }



  TEST_P(Exported, SameNetworkAsTorchScript)
  {
    const Case &one = GetParam();
    if (!has_torchscript(one))
      GTEST_SKIP() << "no TorchScript that PyTorch 1.13 knows";
    const Network network = load(one, one.file),
                  script  = load(one, one.original + ".pt");
    EXPECT_EQ(without_names(network), without_names(script));
    ASSERT_EQ(network.n_parameters(), script.n_parameters());
    EXPECT_EQ(to_vector(network.parameters()), to_vector(script.parameters()));

    const Block points  = random_points(one.n_inputs, 11);
    const Block V       = random_block(network.n_parameters(), 7);
    const auto  product = [&](const Network &of) {
      const Block JV = make_block(11 * one.n_outputs, 7);
      of.jacobian_times(points, V, JV);
      return JV;
    };
    EXPECT_LT(relative_difference(product(network), product(script)), 1e-12);
  }



  // What is saved is TorchScript.
  TEST_P(Exported, IsSavedAsTorchScript)
  {
    const Case           &one = GetParam();
    const TemporaryFolder temporary;
    const Network         network = load(one, one.file);
    network.save(temporary.file("net.pt"));
    const Network again =
      Network::load(temporary.file("net.pt"), one.n_inputs, one.n_outputs);
    EXPECT_EQ(network.description(), again.description());
    EXPECT_EQ(to_vector(network.parameters()), to_vector(again.parameters()));
    const Block points = random_points(one.n_inputs, 11);
    const auto  values = [&](const Network &of) {
      const Column q = make_column(11 * one.n_outputs);
      of.evaluate(points, q);
      return to_vector(q);
    };
    EXPECT_EQ(values(network), values(again));
  }

  INSTANTIATE_TEST_SUITE_P(Files, Exported, testing::ValuesIn(cases));



  // PyTorch 2.1 lists parameters in the order in which they are used.
  TEST(ExportedOf21, ValuesAndNumberOfParameters)
  {
    for (const Case &one : {Case{"mlp-2.1.pt2", "mlp", 2, 2},
                            Case{"deeponet-2.1.pt2", "deeponet", 6, 1}})
      {
        const Network network = load(one, one.file),
                      script  = load(one, one.original + ".pt");
        EXPECT_EQ(without_names(network), without_names(script));
        const Block points = random_points(one.n_inputs, 11);
        const auto  values = [&](const Network &of) {
          const Column q = make_column(11 * one.n_outputs);
          of.evaluate(points, q);
          return q;
        };
        EXPECT_LT(relative_difference(values(network), values(script)), 1e-13);
      }
  }



  /// One line with all these words and the name of the file.
  void
  expect_bad(const std::string              &bytes,
             const std::vector<std::string> &words,
             const unsigned int              n_inputs = 2)
  {
    try
      {
        Network::load_bytes(bytes, "some/net.pt2", n_inputs);
        ADD_FAILURE() << "nothing was thrown, expected " << words.at(0);
      }
    catch (const Error &error)
      {
        const std::string message = error.what();
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_LT(message.size(), 600) << message;
        EXPECT_EQ(message.find("INTERNAL ASSERT"), std::string::npos)
          << message;
        EXPECT_EQ(message.rfind("some/net.pt2: ", 0), 0) << message;
        for (const std::string &word : words)
          EXPECT_NE(message.find(word), std::string::npos)
            << "'" << word << "' is not in: " << message;
      }
  }

  std::string
  read(const std::string &file)
  {
    std::ifstream stream(folder + file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }

  /// A good archive, as files that can be changed.
  class Damaged : public testing::Test
  {
  protected:
    Damaged()
    {
      const std::string bytes = read("mlp-2.15.pt2");
      const ZipArchive  archive(bytes, "good");
      for (const std::string &path : archive.paths())
        files[path] = archive.read(path);
      for (const auto &[path, content] : files)
        if (path.find("models/") != std::string::npos)
          model = path;
      root = model.substr(0, model.find("models/"));
    }

    /// The archive with the first @p text of a file replaced.
    std::string
    with(const std::string &path,
         const std::string &text,
         const std::string &replacement) const
    {
      auto              changed = files;
      std::string      &content = changed.at(path);
      const std::size_t place   = content.find(text);
      EXPECT_NE(place, std::string::npos) << text;
      if (place != std::string::npos)
        content.replace(place, text.size(), replacement);
      return make_zip_archive(changed);
    }

    std::string
    with_model(const std::string &text, const std::string &replacement) const
    {
      return with(model, text, replacement);
    }

    std::string
    without(const std::string &path) const
    {
      auto changed = files;
      EXPECT_EQ(changed.erase(root + path), 1) << path;
      return make_zip_archive(changed);
    }

    std::map<std::string, std::string> files;
    std::string                        root, model;
  };



  TEST_F(Damaged, IsGoodAsItIs)
  {
    EXPECT_EQ(
      Network::load_bytes(make_zip_archive(files), "net", 2).n_outputs(), 2);
  }



  TEST_F(Damaged, FilesThatAreMissing)
  {
    expect_bad(without("data/weights/model_weights_config.json"),
               {"there is no", "model_weights_config.json"});
    expect_bad(without("data/weights/weight_3"), {"weight_3"});
    expect_bad(without("archive_version"), {"archive_version"});
    auto packages = files;
    packages.erase(model);
    packages[root + "data/aotinductor/model/model.so"] = "x";
    expect_bad(make_zip_archive(packages), {"AOTInductor"});
    auto two                        = files;
    two[root + "models/other.json"] = files[model];
    expect_bad(make_zip_archive(two), {"several programs", "model", "other"});
  }



  TEST_F(Damaged, ListsInLists)
  {
    // What prints them in a message calls itself: millions end the stack.
    expect_bad(with_model("\"schema_version\"",
                          "\"lists\": " + std::string(1000, '[') +
                            std::string(1000, ']') + ", \"schema_version\""),
               {model, "nested too deeply"});
  }



  TEST_F(Damaged, TruncatedOrChangedAnywhere)
  {
    const std::string good = read("mlp-2.15.pt2");
    for (std::size_t eighth = 0; eighth < 8; ++eighth)
      expect_bad(good.substr(0, 4 + eighth * good.size() / 8), {});
    for (const auto &[path, content] : files)
      for (const std::size_t size : {content.size() / 2, std::size_t(0)})
        {
          if (path.find("sample_inputs") != std::string::npos ||
              path.find(".data/") != std::string::npos ||
              path.find("constants") != std::string::npos || content.size() < 2)
            continue;
          auto changed  = files;
          changed[path] = content.substr(0, size);
          expect_bad(make_zip_archive(changed), {});
        }
  }



  // Whatever a number or a name in the program becomes, it is a network or an
  // error.
  TEST_F(Damaged, ChangedCharactersAreAnErrorOrANetwork)
  {
    const std::string &text     = files.at(model);
    std::size_t        n_errors = 0;
    for (std::size_t i = 0; i < text.size(); i += 61)
      for (const char replacement : {'9', 'x', '"', ']'})
        {
          auto changed      = files;
          changed[model][i] = replacement;
          try
            {
              Network::load_bytes(make_zip_archive(changed), "net", 2);
            }
          catch (const Error &error)
            {
              ++n_errors;
              EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos)
                << error.what();
            }
        }
    EXPECT_GT(n_errors, 0);
  }



  TEST_F(Damaged, Versions)
  {
    expect_bad(with_model("\"major\": 8", "\"major\": 9"),
               {"schema version 9", "expected 1, 2, 5, 7 or 8"});
    expect_bad(with(root + "archive_version", "0", "1"),
               {"version '1'", "expected 0"});
    expect_bad(with(root + "byteorder", "little", "big"), {"byte order"});
  }



  TEST_F(Damaged, Operators)
  {
    const std::string tanh = "torch.ops.aten.tanh.default";
    expect_bad(with_model(tanh, "torch.ops.aten.bernoulli.default"),
               {"node 'tanh'", "aten::bernoulli", "not among"});
    expect_bad(with_model(tanh, "torch.ops.mylib.tanh.default"),
               {"node 'tanh'",
                "torch.ops.mylib.tanh.default",
                "not an operator of ATen"});
    expect_bad(with_model(tanh, "torch.ops.higher_order.cond"),
               {"torch.ops.higher_order.cond"});
    expect_bad(with_model(tanh, "os.system"), {"os.system"});
    expect_bad(with_model(tanh, "torch.ops.aten.tanh.other"),
               {"no operator aten::tanh.other"});
    expect_bad(with_model(tanh, "torch.ops.aten.bmm.default"),
               {"aten.bmm", "'mat2' is missing"});
    expect_bad(with_model("\"name\": \"self\"", "\"name\": \"me\""),
               {"no argument 'me'"});
  }



  TEST_F(Damaged, Arguments)
  {
    const std::string argument = "{\"as_tensor\": {\"name\": \"linear\"}}";
    const std::string self     = "\"arg\": " + argument;
    expect_bad(with_model(self, "\"arg\": {\"as_thing\": 1}"),
               {"node 'tanh'", "argument 'self'", "'as_thing'"});
    expect_bad(with_model(self, "\"arg\": {\"as_custom_obj\": {}}"),
               {"'as_custom_obj'"});
    expect_bad(with_model(self, "\"arg\": {\"as_string\": \"linear\"}"),
               {"argument 'self'", "Tensor"});
    expect_bad(with_model(self,
                          "\"arg\": {\"as_tensor\": {\"name\": \"none\"}}"),
               {"no value of the name 'none'"});
    expect_bad(with_model("\"name\": \"tanh\"}}]", "\"name\": \"linear\"}}]"),
               {"two values of the name 'linear'"});
  }



  TEST_F(Damaged, Weights)
  {
    const std::string config = root + "data/weights/model_weights_config.json";
    expect_bad(with(config, "\"as_int\": 2", "\"as_int\": 3"),
               {"do not fit", "bytes"});
    expect_bad(with(config, "\"as_int\": 7", "\"as_int\": 9000000000000000000"),
               {"do not fit"});
    expect_bad(with(config, "\"as_int\": 2", "\"as_int\": -2"),
               {"not negative"});
    expect_bad(with(config, "\"dtype\": 7", "\"dtype\": 29"), {"type 29"});
    expect_bad(with(config, "\"use_pickle\": false", "\"use_pickle\": true"),
               {"plain tensors"});
    expect_bad(with(config, "output.weight", "output.w"),
               {"no weights of the name 'output.weight'"});
    std::string deep;
    for (unsigned int i = 0; i < 1000; ++i)
      deep += "a.";
    expect_bad(with(config, "output.weight", deep + "b"), {});
  }



  TEST_F(Damaged, Signatures)
  {
    const std::string output = "{\"user_output\": ";
    expect_bad(with_model(output, "{\"mutation_of_tokens\": "),
               {"mutation_of_tokens"});
    const std::string mutation =
      "{\"buffer_mutation\": {\"buffer_name\": \"n\", \"arg\": {\"name\": "
      "\"tanh\"}}}, {\"user_output\": ";
    expect_bad(with_model(output, mutation), {"'n'", "stateful", "eval()"});
    const std::string input = "{\"user_input\": ";
    expect_bad(with_model(input, "{\"custom_obj\": "), {"custom_obj"});
  }



  TEST(ExportedMessages, BatchSize)
  {
    expect_bad(read("gates-static-2.15.pt2"),
               {"batch size 5", "dynamic_shapes", "torch.export.Dim"});
  }
} // namespace
