// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/memory_estimate.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

namespace lsr
{
  namespace
  {
    // Callbacks of LibTorch are plain functions.
    thread_local std::int64_t computed_numbers = 0;

    void
    count_outputs(const at::RecordFunction &function, at::ObserverContext *)
    {
      for (const c10::IValue &output : function.outputs())
        if (output.isTensor() && output.toTensor().defined())
          computed_numbers += output.toTensor().numel();
    }



    class Observer
    {
    public:
      Observer()
        : handle(at::addThreadLocalCallback(
            at::RecordFunctionCallback(nullptr, &count_outputs)
              .needsOutputs(true)
              .scopes({at::RecordScope::FUNCTION})))
      {}

      ~Observer()
      {
        at::removeCallback(handle);
      }

      Observer(const Observer &) = delete;
      Observer &
      operator=(const Observer &) = delete;

    private:
      const at::CallbackHandle handle;
    };
  } // namespace



  std::int64_t
  count_computed_numbers(const std::function<void()> &action)
  {
    computed_numbers = 0;
    const Observer observer;
    action();
    return computed_numbers;
  }
} // namespace lsr
