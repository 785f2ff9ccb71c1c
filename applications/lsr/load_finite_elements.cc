// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>

#include <dlfcn.h>

#include "applications/lsr/finite_elements.h"
#include "applications/lsr/relative_to_program.h"

namespace lsr
{
  const FiniteElementCommands &
  finite_element_commands()
  {
    const std::string library = relative_to_program(LSR_FINITE_ELEMENTS);
    // Equations in libraries of users find their symbols in this one's; most of
    // its calls, hundreds of thousands with deal.II, are never made: lazily.
    void *const       handle = dlopen(library.c_str(), RTLD_LAZY | RTLD_GLOBAL);
    const void *const commands = handle == nullptr ?
                                   nullptr :
                                   dlsym(handle, "lsr_finite_element_commands");
    if (commands == nullptr)
      throw Error("the library of this program for parameter files cannot be "
                  "loaded: " +
                  std::string(dlerror()));
    return *static_cast<const FiniteElementCommands *>(commands);
  }
} // namespace lsr
