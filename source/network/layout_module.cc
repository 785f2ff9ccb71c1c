// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/layout_module.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <regex>
#include <set>

#include "network/layout_text.h"
#include "network/module_builder.h"

namespace lsr
{
  namespace
  {
    void
    check_entries(const NetworkLayout &layout)
    {
      const std::set<std::string> architectures = {"fully connected",
                                                   "modified",
                                                   "deeponet",
                                                   "pfnn"};
      require(architectures.count(layout.architecture) > 0,
              "Architecture is '" + layout.architecture +
                "', expected fully connected, modified, deeponet or pfnn");
      require(layout.weights == "auto" || layout.weights == "out in" ||
                layout.weights == "in out",
              "Weights is '" + layout.weights +
                "', expected auto, out in or in out");
      const auto only_for = [&](const std::string &value,
                                const std::string &name,
                                const std::string &architecture) {
        require(trim(value).empty() || layout.architecture == architecture,
                name + " is set, which only networks of the architecture " +
                  architecture + " have");
      };
      only_for(layout.encoders, "Encoders", "modified");
      only_for(layout.branch_activation, "Branch activation", "deeponet");
      only_for(layout.trunk_output, "Trunk output", "deeponet");
      require(trim(layout.layers).empty() ||
                layout.architecture == "fully connected" ||
                layout.architecture == "modified",
              "Layers is set, which only fully connected and modified networks "
              "need");
    }



    /// What the names and sizes of the tensors look like.
    std::string
    guess_architecture(const Checkpoint &checkpoint)
    {
      const auto any = [&](const std::string &pattern) {
        const std::regex regex(pattern, std::regex::icase);
        return std::any_of(checkpoint.tensors.begin(),
                           checkpoint.tensors.end(),
                           [&](const Checkpoint::Entry &entry) {
                             return std::regex_search(entry.name, regex);
                           });
      };
      if (any("(^|[._/])branch") && any("(^|[._/])trunk"))
        return "deeponet";
      if (any("encoder_u|fc_u|(^|[._/])u[._/]") &&
          any("encoder_v|fc_v|(^|[._/])v[._/]"))
        return "modified";
      if (any("layers[._/][0-9]+[._/][1-9][0-9]*[._/](weight|kernel)"))
        return "pfnn";
      return "fully connected";
    }
  } // namespace



  torch::jit::Module
  make_module(Checkpoint                        checkpoint,
              const NetworkLayout              &layout,
              const unsigned int                n_inputs,
              const std::optional<unsigned int> n_outputs)
  {
    try
      {
        check_entries(layout);
        return ModuleBuilder(std::move(checkpoint), layout, n_inputs, n_outputs)
          .run();
      }
    catch (const Error &error)
      {
        throw Error(std::string("layout: ") + error.what());
      }
  }



  std::string
  suggest_layout(const Checkpoint &checkpoint)
  {
    std::string text = "a " + checkpoint.format;
    if (!checkpoint.origin.empty())
      text += " ('" + checkpoint.origin + "' in it)";
    if (checkpoint.tensors.empty())
      return text + " without tensors" +
             (checkpoint.others.empty() ?
                "" :
                ", but with " + join(checkpoint.others,
                                     [](const std::string &o) { return o; }));
    const std::string architecture = guess_architecture(checkpoint);
    text += " with the tensors " + describe_some(checkpoint.tensors, 6) +
            ", which do not say how they are used: give a layout (section "
            "Network/Layout, or options --layout), such as \"Architecture = " +
            architecture + "\", \"Activation = tanh\"";
    if (architecture == "deeponet")
      text += ", \"Trunk output = activated\"";
    return text;
  }
} // namespace lsr
