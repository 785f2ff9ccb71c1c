// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_spectrum_h
#define lsr_fe_spectrum_h

#include <lsr/fe/raster.h>

#include <iosfwd>
#include <vector>

namespace lsr
{
  /**
   * How the mean square of a field is made up of waves of different lengths.
   *
   * A field $e$ on a box with sides $L_1, L_2$ is the sum of the waves
   * $\cos(\pi i x_1 / L_1) \cos(\pi j x_2 / L_2)$, $i, j = 0, 1, \dots$, whose
   * wavenumber $|k|$ is that of the vector $k = (\pi i / L_1, \pi j / L_2)$.
   */
  struct Spectrum
  {
    /// Bins of the width $\pi / \max(L_1, L_2)$: the wavenumbers in their
    /// middle, beginning with 0.
    std::vector<double> wavenumber;

    /// The share of the waves of each bin in the mean square.
    std::vector<double> energy;

    /// Sum of the energy: the mean square of the field.
    double mean_square = 0;

    /// The mean of $|k|$ over all waves, weighted by their energy; not a number
    /// where the field is zero.
    double mean_wavenumber = 0;
  };

  /**
   * The spectrum of the samples of a field, by the discrete cosine transform
   * (DCT-I) in each direction.
   *
   * The transform is that of the field reflected at the sides of the box, which
   * is continuous: unlike the Fourier or the sine transform it sees no jump
   * where a field is not periodic or not zero on the boundary, and needs no
   * window. Wavenumbers go up to the shortest waves along the diagonal; where
   * they are beyond those along a side the bins lack some directions. The
   * energies add up to the mean square by the trapezoidal rule.
   * Points outside of the domain count as zeros.
   *
   * Throws lsr::Error if the raster has no points or lacks values.
   */
  Spectrum
  compute_spectrum(const Raster &raster);

  /**
   * The spectra of the errors of network and refined field over the iterations
   * of IterativeLSR. Refinement removes the long waves from the error, and
   * alignment, which a network follows only roughly, brings them back (paper,
   * Figure 5c): the mean wavenumber of the error goes up and down.
   */
  struct ErrorSpectra
  {
    struct Record
    {
      unsigned int iteration;
      Spectrum     network, refined;
    };

    /// One record for each iteration, all with the same bins.
    std::vector<Record> records;

    /**
     * A table with two lines for each iteration: number, field, mean square,
     * mean wavenumber, and the energy at each of the wavenumbers in the line of
     * names.
     */
    void
    write_csv(std::ostream &out) const;
  };
} // namespace lsr

#endif
