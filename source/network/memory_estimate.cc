// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/memory_estimate.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <algorithm>

namespace lsr
{
  namespace
  {
    // Callbacks of LibTorch are plain functions.
    thread_local ComputedNumbers computed_numbers;

    void
    count_outputs(const at::RecordFunction &function, at::ObserverContext *)
    {
      for (const c10::IValue &output : function.outputs())
        if (output.isTensor() && output.toTensor().defined())
          {
            const std::int64_t n = output.toTensor().numel();
            computed_numbers.total += n;
            computed_numbers.largest = std::max(computed_numbers.largest, n);
          }
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



  ComputedNumbers
  count_computed_numbers(const std::function<void()> &action)
  {
    computed_numbers = {};
    const Observer observer;
    action();
    return computed_numbers;
  }
} // namespace lsr
