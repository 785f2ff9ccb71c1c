// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// ModuleBuilder: branch and trunk.

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cctype>
#include <regex>

#include "network/layout_text.h"
#include "network/module_builder.h"

namespace lsr
{
  std::vector<std::size_t>
  ModuleBuilder::tensors_of(const std::string &start,
                            const std::string &entry) const
  {
    require(!start.empty(), entry + " is empty, expected a name");
    const bool has_number =
      std::isdigit(static_cast<unsigned char>(start.back()));
    std::vector<std::size_t> places;
    for (const std::size_t place : for_layers(unused_tensors()))
      {
        const std::string &name  = checkpoint.tensors[place].name;
        const std::size_t  found = name.find(start);
        if (found == std::string::npos)
          continue;
        const char before = found == 0 ? '.' : name[found - 1];
        const char after  = name[found + start.size()];
        if ((before == '.' || before == '/' || before == '_') &&
            (!has_number || after == '.' || after == '/' || after == '_'))
          places.push_back(place);
      }
    require(!places.empty(),
            "no tensor has a name that begins with '" + start + "', as " +
              entry + " says: there are " +
              describe_some(checkpoint.tensors, 6));
    return places;
  }



  std::vector<std::vector<std::size_t>>
  ModuleBuilder::numbered(const std::vector<std::size_t> &places,
                          const std::string              &start) const
  {
    std::map<unsigned long, std::vector<std::size_t>> groups;
    for (const std::size_t place : places)
      {
        const std::string      &name  = checkpoint.tensors[place].name;
        const std::size_t       begin = name.find(start) + start.size();
        std::smatch             match;
        const std::string       rest = name.substr(begin);
        static const std::regex pattern("[._/]?([0-9]{1,9})[._/].*");
        if (std::regex_match(rest, match, pattern))
          groups[std::stoul(match[1])].push_back(place);
      }
    std::vector<std::vector<std::size_t>> result;
    for (const auto &[number, group] : groups)
      result.push_back(group);
    return result;
  }



  bool
  ModuleBuilder::is_one_network(const std::vector<std::size_t> &places,
                                const std::int64_t              n_in) const
  {
    try
      {
        auto layers = find_linear_layers(checkpoint, places);
        orient(layers, layout.weights, checkpoint, n_in);
        order_layers(layers, n_in, checkpoint.is_ordered);
        return true;
      }
    catch (const Error &)
      {
        return false;
      }
  }



  std::int64_t
  ModuleBuilder::n_branch_inputs(const std::vector<std::size_t> &places) const
  {
    std::set<std::int64_t> candidates;
    for (const std::size_t place : places)
      if (checkpoint.tensors[place].tensor.dim() == 2)
        for (const std::int64_t size : checkpoint.tensors[place].tensor.sizes())
          candidates.insert(size);
    std::vector<std::int64_t> fitting;
    for (const std::int64_t n : candidates)
      if (is_one_network(places, n))
        fitting.push_back(n);
    require(fitting.size() == 1,
            "the tensors of the branch make no network whose inputs their "
            "sizes show: " +
              join(places, [&](const std::size_t place) {
                return describe(checkpoint.tensors[place]);
              }));
    return fitting[0];
  }



  void
  ModuleBuilder::make_deeponet()
  {
    const auto branch    = tensors_of(layout.branch, "Branch");
    const bool has_trunk = layout.output_basis.empty();
    const auto trunk     = has_trunk ? tensors_of(layout.trunk, "Trunk") :
                                       std::vector<std::size_t>();
    for (const std::size_t place : trunk)
      require(std::find(branch.begin(), branch.end(), place) == branch.end(),
              "tensor '" + checkpoint.tensors[place].name +
                "' belongs to Branch and Trunk");

    std::vector<std::vector<std::size_t>> branches = {branch}, trunks = {trunk};
    const auto split_branch = numbered(branch, layout.branch);
    const auto split_trunk  = numbered(trunk, layout.trunk);
    // Independent networks for each output, in the order of their numbers.
    if (split_branch.size() > 1 && split_branch.size() == split_trunk.size() &&
        !is_any_network(branch))
      {
        branches = split_branch;
        trunks   = split_trunk;
      }
    const std::int64_t n_branch = n_branch_inputs(branches[0]);
    const std::int64_t n_trunk  = std::int64_t(n_inputs) - n_branch;
    require(has_trunk ? n_trunk > 0 : n_trunk == 0,
            "the branch has " + std::to_string(n_branch) +
              " inputs, and the network " + std::to_string(n_inputs) +
              ", expected " +
              (has_trunk ? "those of the branch and then coordinates" :
                           "those of the branch"));
    first_coordinate = n_branch;
    if (!has_trunk)
      {
        make_network("x", n_branch, branch, branch_activation(), false);
        add_offsets(1);
        return;
      }
    require(layout.trunk_output == "activated" ||
              layout.trunk_output == "linear",
            "Trunk output is '" + layout.trunk_output +
              "', expected activated (as in DeepXDE) or linear");
    script += "  a = x[:, 0:" + std::to_string(n_branch) + "]\n  y = x[:, " +
              std::to_string(n_branch) + ":" + std::to_string(n_inputs) + "]\n";
    const std::int64_t n_features = make_features({"y", n_trunk});
    multiply_branches_and_trunks(branches, n_branch, trunks, n_features);
  }



  bool
  ModuleBuilder::is_any_network(const std::vector<std::size_t> &places) const
  {
    try
      {
        n_branch_inputs(places);
        return true;
      }
    catch (const Error &)
      {
        return false;
      }
  }



  std::string
  ModuleBuilder::branch_activation() const
  {
    return layout.branch_activation.empty() ? layout.activation :
                                              layout.branch_activation;
  }



  void
  ModuleBuilder::multiply_branches_and_trunks(
    const std::vector<std::vector<std::size_t>> &branches,
    const std::int64_t                           n_branch,
    const std::vector<std::vector<std::size_t>> &trunks,
    const std::int64_t                           n_features)
  {
    std::vector<std::string> values;
    for (std::size_t k = 0; k < branches.size(); ++k)
      {
        const std::string b = "b" + std::to_string(k),
                          t = "t" + std::to_string(k);
        script += "  " + b + " = a\n";
        const std::int64_t branch_width =
          make_network(b, n_branch, branches[k], branch_activation(), false);
        script += "  " + t + " = y\n";
        const std::int64_t trunk_width =
          make_network(t,
                       n_features,
                       trunks[k],
                       layout.activation,
                       layout.trunk_output == "activated");
        const std::int64_t n =
          branches.size() > 1 ? 1 : n_products(branch_width, trunk_width);
        const std::int64_t length = std::max(branch_width, trunk_width) / n;
        for (std::int64_t i = 0; i < n; ++i)
          {
            const std::string piece = "[:, " + std::to_string(i * length) +
                                      ":" + std::to_string((i + 1) * length) +
                                      "]";
            values.push_back(
              "torch.sum(" + b + (branch_width > length ? piece : "") + " * " +
              t + (trunk_width > length ? piece : "") + ", 1, keepdim=True)");
          }
      }
    script += "  x = " + side_by_side(values) + "\n";
    width = values.size();
    add_offsets(width);
  }



  std::int64_t
  ModuleBuilder::n_products(const std::int64_t branch,
                            const std::int64_t trunk) const
  {
    const std::string found = "the branch returns " + std::to_string(branch) +
                              " values and the trunk " + std::to_string(trunk);
    if (branch != trunk)
      {
        require(std::max(branch, trunk) % std::min(branch, trunk) == 0,
                found + ", expected equal numbers, or a multiple");
        return std::max(branch, trunk) / std::min(branch, trunk);
      }
    const std::int64_t n =
      n_outputs && layout.output.empty() && layout.output_basis.empty() ?
        *n_outputs :
        std::max<std::int64_t>(offsets().size(), 1);
    require(branch % n == 0,
            found + ", which cannot be shared by " + std::to_string(n) +
              " outputs");
    return n;
  }



  std::vector<std::size_t>
  ModuleBuilder::offsets() const
  {
    static const std::regex  pattern("(.*[./])?(b|bias)([._/]?[0-9]+)?",
                                    std::regex::icase);
    std::vector<std::size_t> places;
    for (const std::size_t place : for_layers(unused_tensors()))
      if (checkpoint.tensors[place].tensor.numel() == 1 &&
          std::regex_match(checkpoint.tensors[place].name, pattern))
        places.push_back(place);
    std::sort(places.begin(),
              places.end(),
              [&](const std::size_t a, const std::size_t b) {
                return natural_order(checkpoint.tensors[a].name,
                                     checkpoint.tensors[b].name);
              });
    return places;
  }



  void
  ModuleBuilder::add_offsets(const std::int64_t n)
  {
    const auto places = offsets();
    if (places.empty())
      return;
    require(places.size() == 1 || std::int64_t(places.size()) == n,
            "there are " + std::to_string(places.size()) +
              " numbers such as '" + checkpoint.tensors[places[0]].name +
              "' that are added to the outputs, expected " + std::to_string(n));
    std::vector<std::string> texts;
    for (const std::size_t place : places)
      texts.push_back(use(place, checkpoint.tensors[place].tensor, true));
    if (texts.size() == 1)
      {
        script += "  x = x + " + texts[0] + "\n";
        return;
      }
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < texts.size(); ++i)
      columns.push_back("x[:, " + std::to_string(i) + ":" +
                        std::to_string(i + 1) + "] + " + texts[i]);
    script += "  x = torch.cat([" +
              join(columns, [](const std::string &c) { return c; }) + "], 1)\n";
  }
} // namespace lsr
