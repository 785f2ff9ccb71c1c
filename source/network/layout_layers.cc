// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// ModuleBuilder: fully connected layers, gated or parallel ones.

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <numeric>
#include <regex>

#include "network/layout_text.h"
#include "network/module_builder.h"

namespace lsr
{
  std::vector<std::size_t>
  ModuleBuilder::for_layers(const std::vector<std::size_t> &places) const
  {
    std::set<std::string>   named = {trim(layout.output_basis)};
    static const std::regex braces("\\{ *([^}]*?) *\\}");
    for (const std::string *text : {&layout.features,
                                    &layout.input_mean,
                                    &layout.input_deviation,
                                    &layout.output,
                                    &layout.output_mean,
                                    &layout.output_deviation})
      {
        named.insert(trim(*text));
        for (std::sregex_iterator i(text->begin(), text->end(), braces), end;
             i != end;
             ++i)
          named.insert((*i)[1]);
      }
    std::vector<std::size_t> result;
    for (const std::size_t place : places)
      if (named.count(checkpoint.tensors[place].name) == 0)
        result.push_back(place);
    return result;
  }



  ScriptStep
  ModuleBuilder::step(const LinearLayer &layer)
  {
    const at::Tensor &weight = checkpoint.tensors[layer.weight].tensor;
    std::string       text =
      "torch.linear($x, " +
      use(layer.weight,
          *layer.is_transposed ? weight.t().contiguous() : weight,
          true);
    if (layer.bias)
      text += ", " + use(*layer.bias,
                         checkpoint.tensors[*layer.bias].tensor.reshape({-1}),
                         true);
    return assignment(text + ")");
  }



  std::vector<ScriptStep>
  ModuleBuilder::activations(const std::string &text, const std::size_t n)
  {
    const auto names = split(text);
    require(!names.empty(),
            "Activation is empty, expected a name such as tanh: tensors do "
            "not show it");
    require(names.size() == 1 || names.size() == n,
            "Activation lists " + std::to_string(names.size()) +
              " activations, expected 1 or one for each of the " +
              std::to_string(n) + " hidden layers");
    std::vector<ScriptStep> steps;
    for (std::size_t l = 0; l < n; ++l)
      steps.push_back(activation_step(names.size() == 1 ? names[0] : names[l]));
    return steps;
  }



  std::int64_t
  ModuleBuilder::make_network(const std::string              &x,
                              const std::int64_t              n_in,
                              const std::vector<std::size_t> &places,
                              const std::string              &activation,
                              const bool                      activate_last)
  {
    std::vector<LinearLayer> layers =
      find_linear_layers(checkpoint, for_layers(places));
    require(!layers.empty(),
            "there are no linear layers among the tensors " +
              describe_some(checkpoint.tensors, 6));
    orient(layers, layout.weights, checkpoint, n_in);
    const std::vector<LinearLayer> encoders =
      layout.architecture == "modified" ? take_encoders(layers, n_in) :
                                          std::vector<LinearLayer>();
    const auto names = split(layout.layers);
    layers           = names.empty() || layout.architecture == "deeponet" ?
                         order_layers(layers, n_in, checkpoint.is_ordered) :
                         order_layers(layers, n_in, names);

    std::vector<ScriptStep> encoder_steps, steps;
    for (const LinearLayer &encoder : encoders)
      encoder_steps.push_back(step(encoder));
    for (std::size_t l = 0; l < layers.size(); ++l)
      {
        const std::int64_t expected =
          encoders.empty() || l + 1 == layers.size() ? layers[l].n_out() :
                                                       encoders[0].n_out();
        require(layers[l].n_out() == expected,
                "hidden layer '" + layers[l].name + "' has " +
                  std::to_string(layers[l].n_out()) + " units, expected " +
                  std::to_string(expected) + ", as the encoders have");
        steps.push_back(step(layers[l]));
      }
    script += chain_of_layers(x,
                              steps,
                              steps.size() == 1 && !activate_last ?
                                std::vector<ScriptStep>() :
                                activations(activation,
                                            steps.size() - 1 + activate_last),
                              encoder_steps);
    width = layers.back().n_out();
    return width;
  }



  std::vector<LinearLayer>
  ModuleBuilder::take_encoders(std::vector<LinearLayer> &layers,
                               const std::int64_t        n_in) const
  {
    std::vector<std::string> names = split(layout.encoders);
    if (names.empty())
      for (const std::string letter : {"u", "v"})
        for (const LinearLayer &layer : layers)
          if (std::regex_match(layer.name,
                               std::regex("(.*[._])?(encoder|fc|linear)?"
                                          "[._]?" +
                                            letter + "([._]linear)?",
                                          std::regex::icase)))
            names.push_back(layer.name);
    require(names.size() == 2,
            "which layers are the encoders does not show in the names " +
              join(layers,
                   [](const LinearLayer &layer) { return layer.name; }) +
              ": name two in Encoders, that of U first");
    std::vector<LinearLayer> encoders;
    for (const std::string &name : names)
      {
        const auto found = std::find_if(layers.begin(),
                                        layers.end(),
                                        [&](const LinearLayer &layer) {
                                          return layer.name == name;
                                        });
        require(found != layers.end(),
                "there is no layer '" + name +
                  "', which Encoders names; there are " +
                  join(layers,
                       [](const LinearLayer &layer) { return layer.name; }));
        require(found->n_in() == n_in &&
                  (encoders.empty() || found->n_out() == encoders[0].n_out()),
                "encoder '" + name + "' has " + std::to_string(found->n_in()) +
                  " inputs and " + std::to_string(found->n_out()) +
                  " units, expected " + std::to_string(n_in) +
                  " inputs and, for both, as many "
                  "units");
        encoders.push_back(*found);
        layers.erase(found);
      }
    return encoders;
  }



  std::map<unsigned long, std::map<unsigned long, LinearLayer>>
  ModuleBuilder::parallel_layers(const std::int64_t       n_in,
                                 std::set<unsigned long> &shared)
  {
    std::vector<LinearLayer> layers =
      find_linear_layers(checkpoint, for_layers(unused_tensors()));
    require(!layers.empty(),
            "there are no linear layers among the tensors " +
              describe_some(checkpoint.tensors, 6));
    orient(layers, layout.weights, checkpoint, n_in);
    std::map<unsigned long, std::map<unsigned long, LinearLayer>> stages;
    for (const LinearLayer &layer : layers)
      {
        static const std::regex pattern(
          "[^0-9]*([0-9]{1,9})(?:[^0-9]+([0-9]{1,9}))?[^0-9]*");
        std::smatch match;
        require(std::regex_match(layer.name, match, pattern),
                "layer '" + layer.name +
                  "' has no number that says where it belongs, expected "
                  "names such as layers.0.1");
        const unsigned long stage = std::stoul(match[1]);
        if (!match[2].matched)
          shared.insert(stage);
        stages[stage].emplace(match[2].matched ? std::stoul(match[2]) : 0,
                              layer);
      }
    for (const auto &[stage, members_] : stages)
      require(shared.count(stage) == 0 || members_.size() == 1,
              "layers number " + std::to_string(stage) +
                " are partly parallel");
    return stages;
  }



  void
  ModuleBuilder::make_parallel(const std::int64_t n_in)
  {
    std::set<unsigned long> shared;
    const auto              stages = parallel_layers(n_in, shared);
    const auto steps = activations(layout.activation, stages.size() - 1);
    std::vector<std::int64_t> widths   = {n_in};
    std::vector<std::string>  branches = {"x"};
    const auto                merge    = [&]() {
      if (branches.size() > 1)
        script += "  x = torch.cat([" +
                  join(branches, [](const std::string &b) { return b; }) +
                  "], 1)\n";
      branches = {"x"};
      widths = {std::accumulate(widths.begin(), widths.end(), std::int64_t(0))};
    };
    std::size_t number = 0;
    for (const auto &[stage, layers] : stages)
      {
        if (shared.count(stage) > 0)
          merge();
        else if (branches.size() == 1)
          {
            // All see the same.
            branches.clear();
            const std::int64_t n = widths[0];
            widths.clear();
            for (std::size_t k = 0; k < layers.size(); ++k)
              {
                branches.push_back("x_" + std::to_string(k));
                widths.push_back(n);
                script += "  " + branches.back() + " = x\n";
              }
          }
        require(layers.size() == branches.size(),
                "there are " + std::to_string(layers.size()) +
                  " layers of number " + std::to_string(stage) +
                  " beside each other, expected " +
                  std::to_string(branches.size()));
        std::size_t k = 0;
        for (const auto &[index, layer] : layers)
          {
            require(layer.n_in() == widths[k],
                    "layer '" + layer.name + "' has " +
                      std::to_string(layer.n_in()) + " inputs, but gets " +
                      std::to_string(widths[k]));
            script += step(layer)(branches[k]);
            if (number < steps.size())
              script += steps[number](branches[k]);
            widths[k++] = layer.n_out();
          }
        ++number;
      }
    merge();
    width = widths[0];
  }
} // namespace lsr
