// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/exported_weights.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "network/checkpoint.h"


namespace lsr
{
  namespace
  {
    using Input      = ExportedProgram::Input;
    using ScalarType = ExportedProgram::ScalarType;
    using torch::jit::Module;

    /// Modules inside of modules.
    constexpr unsigned int max_depth = 64;



    /// The parameters and buffers of a module and of those inside.
    class ModuleTree
    {
    public:
      void
      add(const std::string &path,
          const at::Tensor  &tensor,
          const bool         is_parameter,
          const unsigned int depth = 0)
      {
        require(depth < max_depth, "'" + path + "' is nested too deeply");
        const std::size_t dot = path.find('.');
        if (dot == std::string::npos)
          {
            require(!path.empty() && names.insert(path).second,
                    "there are two members of the name '" + path + "'");
            (is_parameter ? parameters : buffers).emplace_back(path, tensor);
            return;
          }
        const std::string name = path.substr(0, dot);
        auto              child =
          std::find_if(children.begin(), children.end(), [&](const auto &c) {
            return c.first == name;
          });
        if (child == children.end())
          {
            require(!name.empty() && names.insert(name).second,
                    "there are two members of the name '" + name + "'");
            children.emplace_back(name, ModuleTree());
            child = children.end() - 1;
          }
        child->second.add(path.substr(dot + 1),
                          tensor,
                          is_parameter,
                          depth + 1);
      }

      /// Own members first, as in every module of PyTorch.
      Module
      build(const std::shared_ptr<torch::jit::CompilationUnit> &unit,
            const std::string &class_name) const
      {
        Module module(c10::QualifiedName(class_name), unit);
        for (const auto &[name, tensor] : parameters)
          module.register_parameter(name, tensor, false);
        for (const auto &[name, tensor] : buffers)
          module.register_buffer(name, tensor);
        std::size_t n = 0;
        for (const auto &[name, child] : children)
          module.register_module(
            name, child.build(unit, class_name + "_" + std::to_string(n++)));
        return module;
      }

    private:
      std::set<std::string>                           names;
      std::vector<std::pair<std::string, at::Tensor>> parameters, buffers;
      std::vector<std::pair<std::string, ModuleTree>> children;
    };



    at::Tensor
    strided(const ExportedProgram::Tensor &entry, const std::string &bytes)
    {
      const at::ScalarType type = to_torch(entry.scalar_type);
      const std::int64_t   size = c10::elementSize(type);
      const std::int64_t   n    = bytes.size() / size;
      if (std::count(entry.sizes.begin(), entry.sizes.end(), 0) > 0)
        return at::empty(entry.sizes, type);
      const at::Tensor flat = at::empty({n}, type);
      std::memcpy(flat.data_ptr(), bytes.data(), n * size);
      return flat.as_strided(entry.sizes, entry.strides, entry.storage_offset)
        .clone(at::MemoryFormat::Contiguous);
    }
  } // namespace



  at::ScalarType
  to_torch(const ScalarType type)
  {
    static const std::map<ScalarType, at::ScalarType> types = {
      {ScalarType::uint8, at::kByte},
      {ScalarType::int8, at::kChar},
      {ScalarType::int16, at::kShort},
      {ScalarType::int32, at::kInt},
      {ScalarType::int64, at::kLong},
      {ScalarType::float16, at::kHalf},
      {ScalarType::float32, at::kFloat},
      {ScalarType::float64, at::kDouble},
      {ScalarType::complex_float16, at::kComplexHalf},
      {ScalarType::complex_float32, at::kComplexFloat},
      {ScalarType::complex_float64, at::kComplexDouble},
      {ScalarType::boolean, at::kBool},
      {ScalarType::brain_float16, at::kBFloat16}};
    return types.at(type);
  }



  ExportedWeights::ExportedWeights(const ExportedProgram &program)
  {
    read_raw(program);
    for (const auto &[path, bytes] : program.pickles)
      read_pickle(path, bytes);
    std::set<std::string> names;
    for (const auto &[name, tensor] : entries)
      require(names.insert(name).second,
              "there are two tensors of the name '" + name + "'");

    for (const Input &input : program.inputs)
      {
        if (input.kind != Input::Kind::parameter &&
            input.kind != Input::Kind::buffer)
          continue;
        require(names.count(input.tensor) > 0,
                "there are no weights of the name '" + input.tensor + "'");
        if (input.kind == Input::Kind::buffer)
          continue;
        parameters.insert(input.tensor);
        const auto type = program.graph.types.find(input.name);
        if (type != program.graph.types.end() && !type->second.requires_grad)
          fixed_parameters.insert(input.tensor);
      }
  }



  void
  ExportedWeights::read_raw(const ExportedProgram &program)
  {
    // Tensors that are the same stay one.
    using Key = std::tuple<std::size_t,
                           ScalarType,
                           std::int64_t,
                           std::vector<std::int64_t>,
                           std::vector<std::int64_t>>;
    std::map<Key, at::Tensor> known;
    for (const ExportedProgram::Tensor &entry : program.tensors)
      {
        at::Tensor &tensor = known[{entry.storage,
                                    entry.scalar_type,
                                    entry.storage_offset,
                                    entry.sizes,
                                    entry.strides}];
        if (!tensor.defined())
          tensor = strided(entry, program.storages[entry.storage]);
        entries.emplace_back(entry.name, tensor);
        if (entry.is_parameter)
          parameters.insert(entry.name);
      }
  }



  void
  ExportedWeights::read_pickle(const std::string &path,
                               const std::string &bytes)
  {
    const ZipArchive archive(bytes, path);
    const auto       checkpoint = read_checkpoint(archive, path);
    require(checkpoint.has_value(), path + ": not a file of torch.save");
    std::map<c10::TensorImpl *, at::Tensor> known;
    for (const Checkpoint::Entry &entry : checkpoint->tensors)
      {
        at::Tensor &tensor = known[entry.tensor.unsafeGetTensorImpl()];
        if (!tensor.defined())
          tensor = entry.tensor.contiguous();
        entries.emplace_back(entry.name, tensor);
      }
  }



  torch::jit::Module
  ExportedWeights::make_module() const
  {
    ModuleTree tree;
    for (const auto &[name, tensor] : entries)
      {
        const bool is_parameter = parameters.count(name) > 0;
        if (is_parameter && (tensor.is_floating_point() || tensor.is_complex()))
          tensor.set_requires_grad(fixed_parameters.count(name) == 0);
        tree.add(name_in_module(name), tensor, is_parameter);
      }
    return tree.build(std::make_shared<torch::jit::CompilationUnit>(),
                      "__torch__.Exported");
  }



  std::string
  ExportedWeights::name_in_module(const std::string &name)
  {
    // PyTorch 2.1 puts that of the module in front.
    const std::string start = "L__self___";
    return name.rfind(start, 0) == 0 ? name.substr(start.size()) : name;
  }
} // namespace lsr
