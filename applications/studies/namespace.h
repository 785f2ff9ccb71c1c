// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_namespace_h
#define lsr_studies_namespace_h

namespace lsr
{}

/// The paper's experiments, and the methods they are compared with. Not a part
/// of the library, whose names they use.
namespace lsr_studies
{
  using namespace lsr;
}

#endif
