// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/module_builder.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <tuple>

#include "network/layout_text.h"
#include "network/torch_support.h"

namespace lsr
{
  ModuleBuilder::ModuleBuilder(Checkpoint                      &&checkpoint,
                               const NetworkLayout              &layout,
                               const unsigned int                n_inputs,
                               const std::optional<unsigned int> n_outputs)
    : checkpoint(std::move(checkpoint))
    , layout(layout)
    , n_inputs(n_inputs)
    , n_outputs(n_outputs)
  {
    select();
    for (const std::string &name : split(layout.trained))
      is_trained.insert(find_tensor(name, "Trained"));
  }



  torch::jit::Module
  ModuleBuilder::run()
  {
    script = "def forward(self, x):\n  points = x\n";
    scale_inputs();
    if (layout.architecture == "deeponet")
      make_deeponet();
    else
      {
        const std::int64_t n = make_features({"x", n_inputs});
        if (layout.architecture == "pfnn")
          make_parallel(n);
        else
          make_network("x", n, unused_tensors(), layout.activation, false);
      }
    finish_outputs();
    script += "  return x\n";
    refuse_leftovers();
    return make();
  }



  void
  ModuleBuilder::select()
  {
    if (!layout.prefix.empty())
      {
        std::vector<Checkpoint::Entry> selected;
        for (Checkpoint::Entry &entry : checkpoint.tensors)
          if (entry.name.rfind(layout.prefix, 0) == 0)
            selected.push_back(
              {entry.name.substr(layout.prefix.size()), entry.tensor});
        require(!selected.empty(),
                "no tensor has a name that begins with '" + layout.prefix +
                  "', as Prefix says: there are " +
                  describe_some(checkpoint.tensors, 6));
        for (Checkpoint::Entry &entry : selected)
          entry.name.erase(0, entry.name.find_first_not_of("./"));
        checkpoint.tensors = std::move(selected);
      }
    for (const std::string &pattern : split(layout.ignore))
      {
        const bool        is_start = pattern.back() == '*';
        const std::string start =
          is_start ? pattern.substr(0, pattern.size() - 1) : pattern;
        auto      &tensors = checkpoint.tensors;
        const auto end =
          std::remove_if(tensors.begin(),
                         tensors.end(),
                         [&](const Checkpoint::Entry &entry) {
                           return is_start ? entry.name.rfind(start, 0) == 0 :
                                             entry.name == start;
                         });
        require(end != tensors.end(),
                "there is no tensor '" + pattern +
                  "', which Ignore names: there are " +
                  describe_some(tensors, 6));
        tensors.erase(end, tensors.end());
      }
    std::set<std::string> names;
    for (const Checkpoint::Entry &entry : checkpoint.tensors)
      {
        require(std::all_of(entry.name.begin(),
                            entry.name.end(),
                            [](const char c) {
                              return c >= ' ' && c <= '~' && c != '"' &&
                                     c != '\\';
                            }) &&
                  !entry.name.empty() && entry.name != "training" &&
                  entry.name != "forward",
                "a tensor is called '" + entry.name +
                  "', expected letters, digits and points");
        require(names.insert(entry.name).second,
                "two tensors are called '" + entry.name + "'");
      }
    is_used.assign(checkpoint.tensors.size(), false);
  }



  std::size_t
  ModuleBuilder::find_tensor(const std::string &name,
                             const std::string &entry) const
  {
    for (std::size_t i = 0; i < checkpoint.tensors.size(); ++i)
      if (checkpoint.tensors[i].name == name)
        return i;
    throw Error("there is no tensor '" + name + "', which " + entry +
                " names: there are " + describe_some(checkpoint.tensors, 6));
  }



  std::vector<std::size_t>
  ModuleBuilder::unused_tensors() const
  {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < is_used.size(); ++i)
      if (!is_used[i])
        places.push_back(i);
    return places;
  }



  std::string
  ModuleBuilder::member(const std::string &name)
  {
    return "getattr(self, \"" + name + "\")";
  }



  std::string
  ModuleBuilder::use(const std::size_t place,
                     const at::Tensor &tensor,
                     const bool        is_parameter)
  {
    const Checkpoint::Entry &entry = checkpoint.tensors[place];
    require(at::isFloatingType(tensor.scalar_type()),
            "tensor '" + entry.name + "' has numbers of type " +
              c10::toString(tensor.scalar_type()) +
              ", expected real floating-point numbers");
    if (!is_used[place])
      members.push_back({place, entry.name, tensor, is_parameter});
    is_used[place] = true;
    return member(entry.name);
  }



  std::string
  ModuleBuilder::use(const std::string         &name,
                     const std::vector<double> &numbers)
  {
    members.push_back({checkpoint.tensors.size(),
                       "layout." + name,
                       at::tensor(numbers, at::kDouble),
                       false});
    return member(members.back().name);
  }



  void
  ModuleBuilder::refuse_leftovers() const
  {
    std::vector<Checkpoint::Entry> left;
    for (const std::size_t place : unused_tensors())
      left.push_back(checkpoint.tensors[place]);
    require(left.empty(),
            "the layout (" + layout.architecture +
              ") does not use the tensors " + describe_some(left, 6) +
              ": name them in Ignore if the network does not, either");
  }



  torch::jit::Module
  ModuleBuilder::make()
  {
    if (checkpoint.is_ordered)
      std::stable_sort(members.begin(),
                       members.end(),
                       [](const Member &a, const Member &b) {
                         return a.place < b.place;
                       });
    return guarded("making a network of it", [&]() {
      torch::jit::Module module("Network");
      // Tensors that the file has twice stay one.
      std::map<std::tuple<void *, std::vector<std::int64_t>, bool>, at::Tensor>
        converted;
      for (const Member &used : members)
        {
          at::Tensor &tensor = converted[{used.tensor.data_ptr(),
                                          used.tensor.sizes().vec(),
                                          used.is_parameter}];
          if (!tensor.defined())
            tensor = used.tensor.to(at::kDouble).contiguous();
          module.register_parameter(used.name, tensor, !used.is_parameter);
        }
      module.define(script);
      return module;
    });
  }
} // namespace lsr
