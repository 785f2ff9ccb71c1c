// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/tangent_block.h"

#include <lsr/base/exceptions.h>

#include <torch/library.h>

#include "network/tangent_rules.h"

namespace lsr
{
  namespace
  {
    thread_local std::int64_t directions_in_use = 0;

    // LibTorch keeps this key free for tensors that wrap others.
    constexpr c10::DispatchKey key =
      c10::DispatchKey::TESTING_ONLY_GenericWrapper;



    class TangentTensor : public c10::TensorImpl
    {
    public:
      explicit TangentTensor(const Dual &dual)
        : c10::TensorImpl(c10::DispatchKeySet(key),
                          dual.value.dtype(),
                          dual.value.device())
        , dual(dual)
      {
        set_sizes_and_strides(dual.value.sizes(), dual.value.strides());
      }

      const Dual dual;
    };



    bool
    is_tangent_tensor(const at::Tensor &x)
    {
      return x.defined() && x.unsafeGetTensorImpl()->key_set().has(key);
    }



    /// f_(x, ...) is f(x, ...), written into x.
    bool
    run_in_place(const c10::OperatorHandle &op, torch::jit::Stack &stack)
    {
      const c10::FunctionSchema &schema = op.schema();
      std::string                name   = schema.name();
      const std::size_t          n      = schema.arguments().size();
      if (!schema.is_mutable() || name.back() != '_')
        return false;
      const at::Tensor target = stack[stack.size() - n].toTensor();
      require(is_tangent_tensor(target),
              name + " writes what depends on parameters into a tensor that "
                     "does not");
      name.pop_back();

      at::Tensor source;
      if (name == "aten::copy")
        source = stack[stack.size() - n + 1].toTensor().expand(target.sizes());
      else
        {
          const auto pure = c10::Dispatcher::singleton().findSchemaOrThrow(
            name.c_str(), schema.overload_name().c_str());
          torch::jit::Stack inner(stack.end() - n, stack.end());
          pure.callBoxed(&inner);
          source = inner.at(0).toTensor();
        }
      const Dual from = dual_of(source), to = dual_of(target);
      to.value.copy_(from.value);
      if (from.tangents.defined())
        to.tangents.copy_(from.tangents);
      else
        to.tangents.zero_();
      torch::jit::drop(stack, n);
      stack.emplace_back(target);
      return true;
    }



    void
    differentiate(const c10::OperatorHandle &op, torch::jit::Stack *stack)
    {
      const c10::FunctionSchema &schema = op.schema();
      std::string                name   = schema.name();
      name                              = name.substr(name.find(':') + 2);
      const std::size_t n               = schema.arguments().size();
      TangentRule       rule            = find_tangent_rule(name);
      if (rule == nullptr && op.hasKernelForDispatchKey(
                               c10::DispatchKey::CompositeImplicitAutograd))
        {
          op.callBoxedForDispatchKey(
            c10::DispatchKey::CompositeImplicitAutograd, *stack);
          return;
        }
      if (run_in_place(op, *stack))
        return;
      const std::vector<c10::IValue> arguments(stack->end() - n, stack->end());
      const OperatorCall             call(op, arguments);
      const auto outputs = (rule != nullptr ? rule : &one_by_one)(call);
      torch::jit::drop(*stack, n);
      for (const c10::IValue &output : outputs)
        stack->push_back(output);
    }



    void
    register_once()
    {
      // Never destroyed: LibTorch may be gone before.
      static const torch::Library *const fallback = []() {
        auto *const library = new torch::Library(
          torch::Library::IMPL, "_", key, __FILE__, __LINE__);
        library->fallback(
          torch::CppFunction::makeFromBoxedFunction<&differentiate>());
        return library;
      }();
      (void)fallback;
    }
  } // namespace



  at::Tensor
  with_tangents(const at::Tensor &x, const at::Tensor &tangents)
  {
    register_once();
    return join({x, tangents});
  }



  at::Tensor
  value_of(const at::Tensor &x)
  {
    return dual_of(x).value;
  }



  at::Tensor
  tangents_of(const at::Tensor &x, const std::int64_t n_directions)
  {
    const Dual dual = dual_of(x);
    if (dual.tangents.defined())
      return dual.tangents;
    std::vector<std::int64_t> sizes = x.sizes().vec();
    sizes.insert(sizes.begin(), n_directions);
    return at::zeros(sizes, x.options());
  }



  DirectionsInUse::DirectionsInUse(const std::int64_t n_directions)
  {
    register_once();
    directions_in_use = n_directions;
  }



  DirectionsInUse::~DirectionsInUse()
  {
    directions_in_use = 0;
  }



  at::Tensor
  writable(const at::Tensor &x)
  {
    if (directions_in_use == 0 || is_tangent_tensor(x))
      return x.clone();
    std::vector<std::int64_t> sizes = x.sizes().vec();
    sizes.insert(sizes.begin(), directions_in_use);
    return join({x.clone(), at::zeros(sizes, x.options())});
  }



  Dual
  dual_of(const at::Tensor &x)
  {
    if (!is_tangent_tensor(x))
      return {x, at::Tensor()};
    return static_cast<const TangentTensor *>(x.unsafeGetTensorImpl())->dual;
  }



  at::Tensor
  join(const Dual &x)
  {
    if (!x.tangents.defined())
      return x.value;
    return at::detail::make_tensor<TangentTensor>(x);
  }
} // namespace lsr
