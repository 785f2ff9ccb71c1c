// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Checkpoints with a layout are the networks that they come from, and what is
// damaged, malicious or does not fit is refused by name. The files in
// checkpoints/ are those of checkpoints/make.py.

#include <lsr/base/exceptions.h>
#include <lsr/network/network_layout.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "base/npy.h"
#include "base/zip_archive.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Entries = std::map<std::string, std::string>;

  std::string
  path(const std::string &file)
  {
    return LSR_TESTS "/network/checkpoints/" + file;
  }

  std::string
  read(const std::string &file)
  {
    std::ifstream      stream(path(file), std::ios::binary);
    std::ostringstream bytes;
    bytes << stream.rdbuf();
    return bytes.str();
  }

  NetworkLayout
  layout(const Entries &entries)
  {
    NetworkLayout result;
    for (const auto &[name, value] : entries)
      result.set(name, value);
    return result;
  }

  /// Fully connected with tanh, and further entries.
  NetworkLayout
  fully_connected(Entries entries = {})
  {
    entries.insert({"Architecture", "fully connected"});
    entries.insert({"Activation", "tanh"});
    return layout(entries);
  }

  NetworkLayout
  deeponet(Entries entries = {})
  {
    entries.insert({"Architecture", "deeponet"});
    entries.insert({"Activation", "tanh"});
    entries.insert({"Trunk output", "activated"});
    return layout(entries);
  }

  /// The parameters, values and products with the Jacobian are those of the
  /// TorchScript @p original.
  void
  expect_same(const std::string   &original,
              const std::string   &file,
              const unsigned int   n_inputs,
              const NetworkLayout &layout)
  {
    SCOPED_TRACE(file);
    const Network expected = Network::load(path(original), n_inputs),
                  network  = layout.load(path(file), n_inputs);
    ASSERT_EQ(network.n_parameters(), expected.n_parameters());
    ASSERT_EQ(network.n_outputs(), expected.n_outputs());
    EXPECT_TRUE(network.layered());
    // Subnetworks may be found where tracing hid them.
    EXPECT_EQ(network.description().find(expected.description()), 0)
      << network.description();
    EXPECT_EQ(to_vector(network.parameters()),
              to_vector(expected.parameters()));

    const std::size_t n      = 11 * network.n_outputs();
    const Block       points = random_points(n_inputs, 11),
                V            = random_block(network.n_parameters(), 3);
    const Column values = make_column(n), expected_values = make_column(n);
    network.evaluate(points, values);
    expected.evaluate(points, expected_values);
    EXPECT_LT(relative_difference(values, expected_values), 1e-13);
    const Block JV = make_block(n, 3), expected_JV = make_block(n, 3);
    network.jacobian_times(points, V, JV);
    expected.jacobian_times(points, V, expected_JV);
    EXPECT_LT(relative_difference(JV, expected_JV), 1e-12);
  }

  /// One message with all these parts, for bytes that a test makes.
  template <typename... Parts>
  void
  expect_refused(const std::string   &bytes,
                 const NetworkLayout &layout,
                 const Parts &...parts)
  {
    const std::string text =
      message([&]() { layout.load_bytes(bytes, "folder/file.bin", 2, 1); });
    expect_contains(text, "folder/file.bin: ", parts...);
    EXPECT_LT(text.size(), 700) << text;
  }

  template <typename... Parts>
  void
  expect_refused_file(const std::string   &file,
                      const NetworkLayout &layout,
                      const Parts &...parts)
  {
    SCOPED_TRACE(file);
    expect_refused(read(file), layout, parts...);
  }

  std::string
  safetensors(const std::string &header,
              const std::size_t  n_data,
              const std::int64_t more_header = 0)
  {
    const std::uint64_t n = header.size() + more_header;
    std::string         bytes(8, '\0');
    std::memcpy(bytes.data(), &n, 8);
    return bytes + header + std::string(n_data, '\0');
  }

  /// A file of torch.save with this pickle and a storage of float32.
  std::string
  torch_archive(const std::string &pickle,
                const std::string &storage = std::string(8, '\0'))
  {
    return make_zip_archive({{"archive/data.pkl", pickle},
                             {"archive/data/0", storage},
                             {"archive/version", "3\n"}});
  }

  /// The pickle of a dictionary with one tensor, in the format of text: its
  /// offset, sizes and strides, and the number of entries of the storage.
  std::string
  one_tensor(const std::string              &offset,
             const std::vector<std::string> &sizes,
             const std::vector<std::string> &strides,
             const std::string              &n)
  {
    const auto tuple = [](const std::vector<std::string> &numbers) {
      std::string text = "(";
      for (const std::string &number : numbers)
        text += "I" + number + "\n";
      return text + "t";
    };
    return "(dS'weight'\n"
           "ctorch._utils\n_rebuild_tensor_v2\n"
           "((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI" +
           n + "\ntQI" + offset + "\n" + tuple(sizes) + tuple(strides) +
           "I00\nctorch\nnothing\ntRs.";
  }
} // namespace



TEST(Checkpoints, TheSameTensorsInEveryFormat)
{
  for (const std::string file : {"plain_state.pt",
                                 "plain_legacy.pt",
                                 "plain_checkpoint.pt",
                                 "plain_nested.pt",
                                 "plain.safetensors",
                                 "plain_half.safetensors",
                                 "plain_flax.npz",
                                 "plain_haiku.npz",
                                 "plain_equinox.npz",
                                 "plain_list.npz"})
    expect_same("plain.pt", file, 2, fully_connected());
}



TEST(Checkpoints, ArchitecturesAndTransformations)
{
  expect_same("final_layer.pt",
              "final_layer.safetensors",
              2,
              fully_connected({{"Activation", "silu"}}));
  const std::string factor = "x*(1 - x)*sin(pi*y)*u + exp(y)";
  expect_same("scaled.pt",
              "scaled_state.pt",
              2,
              fully_connected({{"Features", "sin(2*pi*{B}), cos(2*pi*{B})"},
                               {"Input mean", "x_mean"},
                               {"Input deviation", "{x_std}"},
                               {"Output mean", "y_mean"},
                               {"Output deviation", "y_std"},
                               {"Output", factor}}));
  // Numbers instead of tensors, and each output by itself.
  expect_same("scaled.pt",
              "scaled_state.pt",
              2,
              fully_connected({{"Features", "sin(2*pi*{B}), cos(2*pi*{B})"},
                               {"Input mean", "x_mean"},
                               {"Input deviation", "x_std"},
                               {"Output mean", "y_mean"},
                               {"Output deviation", "2, 3"},
                               {"Ignore", "y_st*"},
                               {"Output", factor + ", " + factor}}));
  expect_same("periodic.pt",
              "periodic_state.pt",
              2,
              fully_connected({{"Features", "cos(2*pi*x), sin(2*pi*x), t"},
                               {"Activation", "sin(3*x), gelu_tanh"},
                               {"Output", "u1 - x2, u2^2"}}));
  for (const std::string file : {"modified_state.pt", "modified.safetensors"})
    expect_same("modified.pt",
                file,
                2,
                layout({{"Architecture", "modified"}, {"Activation", "tanh"}}));
  expect_same("modified.pt",
              "modified_state.pt",
              2,
              layout({{"Architecture", "modified"},
                      {"Activation", "tanh"},
                      {"Encoders", "encoder_u, encoder_v"}}));
  expect_same("pfnn.pt",
              "pfnn_state.pt",
              2,
              layout({{"Architecture", "pfnn"}, {"Activation", "tanh"}}));
}



TEST(Checkpoints, OperatorNetworks)
{
  for (const std::string file : {"deeponet_state.pt", "deeponet.safetensors"})
    expect_same("deeponet.pt", file, 7, deeponet());
  for (const std::string name :
       {"split_both", "split_branch", "split_trunk", "independent"})
    expect_same(name + ".pt", name + "_state.pt", 7, deeponet());
  expect_same("operator.pt",
              "operator_state.pt",
              7,
              deeponet({{"Branch", "models.0"},
                        {"Trunk", "models.1"},
                        {"Trunk output", "linear"},
                        {"Output", "{_scale}*u + {_trasl}"},
                        {"Trained", "_scale, _trasl"}}));
  expect_same("pod.pt",
              "pod_state.pt",
              3,
              fully_connected({{"Output basis", "pod_basis"}}));
  expect_same("pod.pt",
              "pod_state.pt",
              3,
              layout({{"Architecture", "deeponet"},
                      {"Activation", "tanh"},
                      {"Output basis", "pod_basis"}}));
}



TEST(Checkpoints, BranchAndTrunkAreFoundAsSubnetworks)
{
  expect_contains(
    deeponet().load(path("deeponet_state.pt"), 7, 1).description(),
    "subnetworks of 5 and 2 inputs");
}



TEST(Checkpoints, ATorchScriptFileIsWhatTheyAreSavedAs)
{
  const TemporaryFolder folder;
  const Network network = fully_connected({{"Features", "sin({B}), cos({B})"},
                                           {"Ignore", "x_*, y_*"}})
                            .load(path("scaled_state.pt"), 2, 2);
  network.save(folder.file("saved.pt"));
  const Network again  = Network::load(folder.file("saved.pt"), 2, 2);
  const Block   points = random_points(2, 5);
  const Column  values = make_column(10), expected = make_column(10);
  network.evaluate(points, expected);
  again.evaluate(points, values);
  EXPECT_EQ(to_vector(values), to_vector(expected));
  EXPECT_EQ(to_vector(again.parameters()), to_vector(network.parameters()));
  EXPECT_EQ(again.description(), network.description());
}



TEST(Checkpoints, WithoutALayoutTheTensorsAreListed)
{
  for (const std::string file : {"plain_state.pt",
                                 "plain_legacy.pt",
                                 "plain.safetensors",
                                 "plain_equinox.npz"})
    expect_refused_file(file,
                        {},
                        "weight [9, 2]",
                        "Network/Layout",
                        "--layout",
                        "Architecture = fully connected",
                        "Activation = ");
  expect_refused_file("plain_checkpoint.pt",
                      {},
                      "'model_state_dict' in it",
                      "linears.0.weight [9, 2]");
  expect_refused_file("deeponet_state.pt",
                      {},
                      "Architecture = deeponet",
                      "and 3 more");
  expect_refused_file("modified_state.pt", {}, "Architecture = modified");
  expect_refused_file("pfnn_state.pt", {}, "Architecture = pfnn");
  // A pickle of the class itself would have to be executed.
  for (const NetworkLayout &layout : {NetworkLayout(), fully_connected()})
    expect_refused_file("module.pt",
                        layout,
                        "torch.nn.modules.container.Sequential",
                        "state_dict");
  expect_refused(make_zip_archive({{"a.npy", write_npy({1, 2, 3}, {3})}}),
                 {},
                 "a [3]");
}



TEST(Checkpoints, LayoutsThatDoNotFit)
{
  const std::string plain = "plain_state.pt";
  expect_refused_file("plain.pt", fully_connected(), "expected no layout");
  expect_refused_file(plain,
                      layout({{"Activation", "tanh"}}),
                      "Architecture is ''",
                      "fully connected");
  expect_refused_file(plain,
                      layout({{"Architecture", "fully connected"}}),
                      "Activation is empty");
  expect_refused_file(plain,
                      fully_connected({{"Activation", "magic"}}),
                      "unknown activation 'magic'",
                      "tanh");
  expect_refused_file(plain,
                      fully_connected({{"Activation", "tanh, sin, relu"}}),
                      "3 activations",
                      "2 hidden layers");
  expect_refused_file(plain,
                      fully_connected({{"Features", "x, x^2, y"}}),
                      "'linears.0' (2 -> 9)",
                      "gives it 3");
  expect_refused_file(plain,
                      fully_connected({{"Features", "x, z"}}),
                      "Features = z",
                      "column",
                      "x, y, t");
  expect_refused_file(plain,
                      fully_connected({{"Output", "u*{scale}"}}),
                      "there is no tensor 'scale'",
                      "Output");
  expect_refused_file(plain,
                      fully_connected({{"Output", "u*"}}),
                      "Output = u*",
                      "it ends");
  expect_refused_file(plain,
                      fully_connected({{"Output", "torch.exp(u)"}}),
                      "Output = torch.exp(u)");
  expect_refused_file(plain,
                      fully_connected({{"Input mean", "1, 2, 3"}}),
                      "Input mean has 3 numbers",
                      "1 or 2");
  expect_refused_file(plain,
                      fully_connected(
                        {{"Ignore", "linears.2*"}, {"Prefix", "lin"}}),
                      "Ignore",
                      "linears.2*");
  expect_refused_file(plain, fully_connected({{"Prefix", "net."}}), "'net.'");
  expect_refused_file(plain,
                      fully_connected({{"Layers", "linears.0, linears.2"}}),
                      "9 outputs");
  expect_refused_file(plain,
                      fully_connected({{"Layers", "linears.0, middle"}}),
                      "no layer 'middle'",
                      "linears.1");
  expect_refused_file(plain,
                      fully_connected({{"Weights", "in out"}}),
                      "biases");
  expect_refused_file(plain,
                      fully_connected({{"Trunk output", "linear"}}),
                      "Trunk output",
                      "deeponet");
  expect_refused_file(plain,
                      layout(
                        {{"Architecture", "modified"}, {"Activation", "tanh"}}),
                      "Encoders");
  expect_refused_file(plain, deeponet(), "'branch'", "linears.0.weight");
  expect_refused_file("scaled_state.pt",
                      fully_connected({{"Features", "sin({B}), cos({B})"}}),
                      "x_mean [2]",
                      "Ignore");
  expect_refused_file("modified_state.pt",
                      fully_connected(),
                      "'encoder_v' (2 -> 8)",
                      "8 outputs");
  expect_refused_file("deeponet_state.pt",
                      layout(
                        {{"Architecture", "deeponet"}, {"Activation", "tanh"}}),
                      "5 inputs, and the network 2");
  const auto with_seven_inputs = [&](const NetworkLayout &layout) {
    return message([&]() { layout.load(path("deeponet_state.pt"), 7, 1); });
  };
  expect_contains(with_seven_inputs(layout(
                    {{"Architecture", "deeponet"}, {"Activation", "tanh"}})),
                  "Trunk output is ''",
                  "linear");
  expect_contains(message([&]() { fully_connected().load(path(plain), 3, 1); }),
                  plain,
                  "'linears.0' (2 -> 9)",
                  "gives it 3");
  expect_contains(message([&]() { fully_connected().load(path(plain), 2, 4); }),
                  "1 outputs, expected 4");
  expect_contains(message([]() {
                    layout({{"Activations", "tanh"}});
                  }),
                  "'Activations'",
                  "Architecture, Activation,");
}



TEST(Checkpoints, AnOrderThatOnlyLettersTellIsRefused)
{
  const auto matrix = [](const std::int64_t rows, const std::int64_t columns) {
    std::vector<double> numbers(rows * columns, 0.1);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] += 0.01 * i;
    return write_npy(numbers, {rows, columns});
  };
  std::map<std::string, std::string> files = {
    {"in/weight.npy", matrix(5, 2)},
    {"center/weight.npy", matrix(5, 5)},
    {"middle/weight.npy", matrix(5, 5)},
    {"out/weight.npy", matrix(1, 5)}};
  expect_refused(make_zip_archive(files), fully_connected(), "Layers");
  EXPECT_NO_THROW(fully_connected({{"Layers", "in, middle, center, out"}})
                    .load_bytes(make_zip_archive(files), "net.npz", 2, 1));
  // Such paths stand in files of torch.export, too.
  std::map<std::string, std::string> renamed;
  for (const auto &[name, content] : files)
    renamed["net/models/" + name] = content;
  expect_refused(make_zip_archive(renamed), fully_connected(), "Layers");
  // One order fits.
  files.erase("middle/weight.npy");
  EXPECT_NO_THROW(
    fully_connected().load_bytes(make_zip_archive(files), "net.npz", 2, 1));
  // The convention does not show.
  expect_refused(make_zip_archive(
                   {{"a/w.npy", matrix(2, 2)}, {"b/w.npy", matrix(2, 2)}}),
                 fully_connected(),
                 "Weights = out in");
}



TEST(Checkpoints, DamagedSafetensors)
{
  const auto refused = [](const std::string &bytes, const std::string &word) {
    expect_refused(bytes, fully_connected(), "safetensors", word);
  };
  const auto tensor = [](const std::string &name,
                         const std::string &shape,
                         const std::string &offsets,
                         const std::string &type = "F32") {
    return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape +
           "],\"data_offsets\":[" + offsets + "]}";
  };
  refused(safetensors("{" + tensor("w", "2", "0,8") + "," +
                        tensor("v", "2", "4,12") + "}",
                      12),
          "overlap");
  refused(safetensors("{" + tensor("w", "1", "0,4") + "," +
                        tensor("v", "1", "8,12") + "}",
                      12),
          "gap");
  refused(safetensors("{" + tensor("w", "2", "0,8") + "}", 12), "12 bytes");
  refused(safetensors("{" + tensor("w", "3", "0,8") + "}", 8), "'w'");
  refused(safetensors("{" + tensor("w", "2", "0,8") + "}", 4), "outside");
  refused(safetensors("{" + tensor("w", "2", "8,0") + "}", 8), "outside");
  refused(safetensors("{" + tensor("w", "-2", "0,8") + "}", 8), "'w'");
  refused(
    safetensors(
      "{" + tensor("w", "4611686018427387904,4611686018427387904", "0,0") + "}",
      0),
    "'w'");
  refused(safetensors("{" + tensor("w", "2", "0,8") + "," +
                        tensor("w", "2", "0,8") + "}",
                      8),
          "twice");
  refused(safetensors("{" + tensor("w", "2", "0,2", "F8_E4M3") + "}", 2),
          "F8_E4M3");
  refused(safetensors("{\"w\":3}", 0), "data_offsets");
  refused(safetensors("{\"w\":", 0), "JSON");
  refused(safetensors("{" + std::string(100000, '[') + "}", 0), "JSON");
  // A header longer than the file; only the name tells what it should be.
  const std::string whole = read("plain.safetensors");
  expect_contains(message([&]() {
                    Network::load_bytes(safetensors("{}", 0, 1ll << 60),
                                        "huge.safetensors",
                                        2);
                  }),
                  "huge.safetensors: ",
                  "header",
                  "only 2 are there");
  for (const double part : {0.2, 0.6, 0.99})
    expect_contains(message([&]() {
                      Network::load_bytes(whole.substr(0, part * whole.size()),
                                          "part.safetensors",
                                          2);
                    }),
                    "part.safetensors: ",
                    "safetensors file");
}



TEST(Checkpoints, DamagedPickles)
{
  const auto refused = [](const std::string &pickle, const std::string &word) {
    expect_refused(torch_archive(pickle), fully_connected(), word);
  };
  EXPECT_NO_THROW(fully_connected().load_bytes(
    torch_archive(one_tensor("0", {"1", "2"}, {"2", "1"}, "2"),
                  {0, 0, 0x40, 0x3f, 0, 0, 0x20, 0x40}),
    "one.pt",
    2,
    1));
  refused(one_tensor("1", {"1", "2"}, {"2", "1"}, "2"), "beyond");
  refused(one_tensor("0", {"3", "2"}, {"2", "1"}, "2"), "beyond");
  refused(one_tensor("-1", {"1"}, {"1"}, "2"), "cannot be");
  refused(one_tensor("0", {"2"}, {"-1"}, "2"), "strides");
  refused(one_tensor("0", {"2"}, {"1", "1"}, "2"), "cannot be");
  refused(one_tensor("0", {"999999999999", "2"}, {"0", "1"}, "2"), "cannot be");
  refused(one_tensor("0", {"2"}, {"9999999999999999"}, "2"), "beyond");
  refused(one_tensor("0", {"2"}, {"1"}, "7"), "7 numbers");
  refused("(dS'weight'\n", "ends");
  refused("\x80\x09.", "protocol");
  refused("t.", "mark");
  refused("s.", "missing");
  refused("h\x05.", "not there");
  refused("\xff.", "operation 255");
  refused("T\xff\xff\xff\xff.", "ends");
  refused("N.", "without tensors");
  refused("(dS'a'\nI3\ns.", "'a' (a number)");
  // Calls and dictionaries that hold themselves.
  refused("(lp0\n0ctorch._utils\n_rebuild_parameter\ng0\nRp1\n0g0\ng1\na0"
          "(dS'weight'\ng1\ns.",
          "'weight' (torch._utils._rebuild_parameter)");
  refused("(dp0\nS'a'\ng0\ns.", "too deeply");
  refused(std::string(200000, ']') + std::string(199999, 'a') + ".", "");

  std::string damaged = read("plain_legacy.pt");
  expect_refused(damaged.substr(0, damaged.size() - 20),
                 fully_connected(),
                 "incomplete");
  expect_refused(damaged.substr(0, 200), fully_connected(), "ends");
}



TEST(Checkpoints, DamageAnywhereIsAMessageOrHarmless)
{
  std::mt19937 generator(5);
  for (const std::string file : {"plain_state.pt",
                                 "plain_legacy.pt",
                                 "plain_checkpoint.pt",
                                 "plain.safetensors",
                                 "plain_flax.npz",
                                 "plain_haiku.npz"})
    {
      const std::string whole = read(file);
      for (unsigned int i = 0; i < 60; ++i)
        {
          std::string damaged = whole;
          for (unsigned int k = 0; k <= i % 3; ++k)
            damaged[generator() % damaged.size()] = char(generator());
          if (i % 7 == 0)
            damaged.resize(generator() % damaged.size());
          try
            {
              fully_connected().load_bytes(damaged, file, 2, 1);
            }
          catch (const Error &error)
            {
              expect_contains(error.what(), file + ": ");
            }
        }
    }
}



TEST(Checkpoints, NothingIsExecuted)
{
  const TemporaryFolder folder;
  const std::string     witness = folder.file("executed");
  for (const std::string module : {"posix", "os", "nt", "subprocess"})
    {
      const std::string call =
        "c" + module + "\nsystem\n(S'touch " + witness + "'\ntR";
      expect_refused(torch_archive(call + "."),
                     fully_connected(),
                     module + ".system",
                     "touch",
                     "Nothing was executed");
      // Hidden beside tensors.
      std::string pickle = one_tensor("0", {"1", "2"}, {"2", "1"}, "2");
      pickle.pop_back();
      expect_refused(torch_archive(pickle + "S'x'\n" + call + "s."),
                     fully_connected(),
                     module + ".system");
    }
  // The other ways to call, and to name, a function.
  expect_refused(torch_archive("\x80\x04\x8c\x08"
                               "builtins\x8c\x04"
                               "eval\x93"
                               "\x8c\x03"
                               "1+1\x85R."),
                 fully_connected(),
                 "builtins.eval('1+1')");
  expect_refused(torch_archive("(S'touch x'\nios\nsystem\n."),
                 fully_connected(),
                 "os.system");
  expect_refused(torch_archive("(cos\nsystem\nS'touch x'\no."),
                 fully_connected(),
                 "os.system");
  expect_refused(torch_archive("cos\nsystem\n(S'touch x'\nt\x81."),
                 fully_connected(),
                 "os.system");
  EXPECT_FALSE(std::filesystem::exists(witness));
}



TEST(Checkpoints, NumbersThatNetworksDoNotHave)
{
  const std::string header =
    "{\"a.weight\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[0,16]}}";
  expect_refused(safetensors(header, 16),
                 fully_connected(),
                 "a.weight",
                 "Long");
  const std::string three =
    "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[1,2,1],\"data_offsets\":[0,8]}}";
  expect_refused(safetensors(three, 8), fully_connected(), "no linear layers");
}
