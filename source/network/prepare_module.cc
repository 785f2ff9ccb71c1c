// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/prepare_module.h"

#include <lsr/base/exceptions.h>

#include <torch/csrc/jit/ir/constants.h>

#include <map>
#include <set>
#include <vector>

#include "network/graph_passes.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Module;
    using torch::jit::Node;

    // The attribute that remembers for which type a program was written.
    const std::string type_attribute = "lsr_scalar_type";



    bool
    is_number_with_digits(const at::Tensor &tensor)
    {
      return tensor.is_floating_point() || tensor.is_complex();
    }



    bool
    has_parameters(const Module &module)
    {
      for (const at::Tensor &parameter : module.parameters())
        if (is_number_with_digits(parameter))
          return true;
      return false;
    }



    /// The weights of a frozen module are constants of its program: make those
    /// that are vectors, matrices and so on parameters.
    void
    thaw(Module &module)
    {
      Graph &graph = *module.get_method("forward").graph();
      std::map<c10::TensorImpl *, std::string> names;
      for_each_node(graph.block(), [&](Node *node) {
        if (node->kind() != c10::prim::Constant)
          return;
        const auto value = torch::jit::toIValue(node->output());
        if (!value || !value->isTensor() || value->toTensor().dim() == 0 ||
            !is_number_with_digits(value->toTensor()))
          return;
        const at::Tensor tensor = value->toTensor();
        std::string     &name   = names[tensor.unsafeGetTensorImpl()];
        if (name.empty())
          {
            name = "constant_" + std::to_string(names.size());
            module.register_parameter(name,
                                      tensor.detach().clone(),
                                      /* is_buffer = */ false);
          }
        const torch::jit::WithInsertPoint guard(node);
        node->output()->replaceAllUsesWith(
          graph.insertGetAttr(graph.inputs().at(0), name));
      });
    }



    /// Every value that an object holds, with the tensors in it replaced.
    class Converter
    {
    public:
      c10::IValue
      operator()(const c10::IValue &value)
      {
        if (value.isTensor())
          return convert(value.toTensor());
        if (value.isObject())
          convert_members(value.toObject());
        else if (value.isTuple())
          {
            std::vector<c10::IValue> elements;
            for (const c10::IValue &element : value.toTupleRef().elements())
              elements.push_back((*this)(element));
            return c10::ivalue::Tuple::create(std::move(elements));
          }
        else if (value.isList())
          {
            c10::List<c10::IValue> list = value.toList();
            for (std::size_t i = 0; i < list.size(); ++i)
              list.set(i, (*this)(list.get(i)));
          }
        else if (value.isGenericDict())
          for (auto &entry : value.toGenericDict())
            entry.setValue((*this)(entry.value()));
        return value;
      }

    private:
      at::Tensor
      convert(const at::Tensor &tensor)
      {
        if (!tensor.defined())
          return tensor;
        require(!tensor.is_quantized(),
                "a quantized network, whose weights are integers and have no "
                "derivatives: save the network before it was quantized");
        at::Tensor &converted = tensors[tensor.unsafeGetTensorImpl()];
        if (!converted.defined())
          {
            known.push_back(tensor);
            const at::ScalarType type =
              tensor.is_complex()        ? at::kComplexDouble :
              tensor.is_floating_point() ? at::kDouble :
                                           tensor.scalar_type();
            converted = tensor.detach().to(block_options().device(), type);
          }
        return converted;
      }

      void
      convert_members(const c10::intrusive_ptr<c10::ivalue::Object> &object)
      {
        if (!objects.insert(object.get()).second)
          return;
        for (std::size_t i = 0; i < object->slots().size(); ++i)
          object->setSlot(i, (*this)(object->getSlot(i)));
      }

      std::map<c10::TensorImpl *, at::Tensor> tensors;
      std::set<c10::ivalue::Object *>         objects;

      // So that no other tensor gets the address of one of these.
      std::vector<at::Tensor> known;
    };
  } // namespace



  void
  prepare_module(Module &module)
  {
    module.eval();
    if (!has_parameters(module))
      thaw(module);

    at::ScalarType type = at::kDouble;
    for (const at::Tensor &parameter : module.parameters())
      if (is_number_with_digits(parameter))
        {
          type = c10::toRealValueType(parameter.scalar_type());
          if (type != at::kDouble)
            break;
        }
    if (type != at::kDouble && !module.hasattr(type_attribute))
      module.register_attribute(type_attribute,
                                c10::IntType::get(),
                                std::int64_t(type));
    Converter()(module._ivalue());
  }



  at::ScalarType
  working_type(const Module &module)
  {
    return module.hasattr(type_attribute) ?
             at::ScalarType(module.attr(type_attribute).toInt()) :
             at::kDouble;
  }



  at::ScalarType
  double_precision(const at::ScalarType type, const at::ScalarType floating)
  {
    if (type == floating)
      return at::kDouble;
    if (c10::isComplexType(type) && c10::toRealValueType(type) == floating)
      return at::kComplexDouble;
    return type;
  }
} // namespace lsr
