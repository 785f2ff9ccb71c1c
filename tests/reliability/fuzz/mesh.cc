// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Meshes of gmsh. Other formats are read by deal.II.

#include "fe/coarse_mesh.h"
#include "fuzz.h"

LSR_FUZZ(mesh)
{
  if (bytes.find("$MeshFormat") == bytes.npos)
    return;
  const fuzz::File file(bytes, ".msh");
  if (bytes.size() % 3 == 0)
    lsr::read_coarse_mesh<1>(file.path, true);
  else if (bytes.size() % 3 == 1)
    lsr::read_coarse_mesh<2>(file.path, true);
  else
    lsr::read_coarse_mesh<3>(file.path, false);
}
