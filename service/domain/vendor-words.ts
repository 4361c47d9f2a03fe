/**
 * A sentence for a customer: with the vendor's name where it says "the vendor". Rules are written once for all vendors;
 * a customer knows one, by its name.
 */
export const withVendorName = (text: string, name: string): string =>
  name === 'the vendor' ? text : text.replace(/\bthe vendor\b/gi, name);
